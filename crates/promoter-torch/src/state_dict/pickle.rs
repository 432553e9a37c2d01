//! The pickle of a state dictionary: a stack machine with the instructions of protocol 2 that PyTorch writes there.

use std::collections::BTreeMap;
use std::rc::Rc;

use tch::Kind;

use super::{StateDictError, kind};

/// How a tensor lies in its storage.
#[derive(Debug, Clone)]
pub(super) struct Recipe {
    /// Member of the archive, below `data/`.
    pub(super) storage: String,
    /// Kind of number.
    pub(super) kind: Kind,
    /// Numbers in the storage.
    pub(super) numel: i64,
    /// First number.
    pub(super) offset: i64,
    /// Shape.
    pub(super) size: Vec<i64>,
    /// Numbers from one index to the next, per axis.
    pub(super) stride: Vec<i64>,
}

#[derive(Debug, Clone)]
enum Value {
    None,
    Bool,
    Int(i64),
    Text(Rc<str>),
    /// With the depth to which tuples lie in it: a bound on it bounds the recursion of dropping.
    Tuple(Rc<[Value]>, u8),
    Dict(Dict),
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    StorageClass(Kind),
    Storage {
        kind: Kind,
        key: Rc<str>,
        numel: i64,
    },
    Tensor(Rc<Recipe>),
}

/// Only tensors are kept; of the rest the first key.
#[derive(Debug, Clone, Default)]
struct Dict {
    tensors: Vec<(String, Rc<Recipe>)>,
    other: Option<String>,
}

impl Value {
    fn name(&self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Bool => "a truth value",
            Self::Int(_) => "a number",
            Self::Text(_) => "a text",
            Self::Tuple(..) => "a tuple",
            Self::Dict(_) => "a dictionary",
            Self::OrderedDict | Self::RebuildTensor | Self::RebuildParameter | Self::StorageClass(_) => "a class",
            Self::Storage { .. } => "a storage",
            Self::Tensor(_) => "a tensor",
        }
    }
}

/// Tuples in tuples that a state dictionary needs: a shape in the arguments of a tensor.
const DEEPEST: u8 = 4;

/// The tensors of the dictionary that a pickle describes, in its order.
pub(super) fn read(pickle: &[u8]) -> Result<Vec<(String, Recipe)>, StateDictError> {
    let mut machine = Machine { pickle, at: 0, stack: Vec::new(), marks: Vec::new(), memo: BTreeMap::new() };
    let dict = machine.run()?;
    if let Some(name) = dict.other {
        return Err(StateDictError::Entry { name });
    }
    Ok(dict.tensors.into_iter().map(|(name, recipe)| (name, (*recipe).clone())).collect())
}

struct Machine<'a> {
    pickle: &'a [u8],
    at: usize,
    stack: Vec<Value>,
    marks: Vec<usize>,
    memo: BTreeMap<u32, Value>,
}

impl Machine<'_> {
    fn run(&mut self) -> Result<Dict, StateDictError> {
        loop {
            let at = self.at;
            let code = self.take(1)?[0];
            match code {
                0x80 => self.protocol(at)?,
                b'(' => self.marks.push(self.stack.len()),
                b'q' => self.remember(|m| Ok(u32::from(m.take(1)?[0])))?,
                b'r' => self.remember(Self::u32)?,
                b'h' => self.recall(|m| Ok(u32::from(m.take(1)?[0])))?,
                b'j' => self.recall(Self::u32)?,
                b'X' => self.text()?,
                b'K' => {
                    let n = self.take(1)?[0];
                    self.stack.push(Value::Int(n.into()));
                }
                b'M' => {
                    let n = self.array().map(u16::from_le_bytes)?;
                    self.stack.push(Value::Int(n.into()));
                }
                b'J' => {
                    let n = self.array().map(i32::from_le_bytes)?;
                    self.stack.push(Value::Int(n.into()));
                }
                0x8a => self.long()?,
                0x88 | 0x89 => self.stack.push(Value::Bool),
                b'N' => self.stack.push(Value::None),
                b')' => self.tuple(Vec::new())?,
                0x85..=0x87 => {
                    let items = self.pop_last(usize::from(code - 0x84))?;
                    self.tuple(items)?;
                }
                b't' => {
                    let items = self.pop_marked()?;
                    self.tuple(items)?;
                }
                b'}' => self.stack.push(Value::Dict(Dict::default())),
                b's' => {
                    let items = self.pop_last(2)?;
                    self.set(items)?;
                }
                b'u' => {
                    let items = self.pop_marked()?;
                    self.set(items)?;
                }
                b'c' => self.global()?,
                b'R' => self.reduce()?,
                b'Q' => self.persistent()?,
                b'b' => self.build()?,
                b'.' => return self.stop(),
                _ => return Err(StateDictError::Instruction { code, at }),
            }
        }
    }

    fn take(&mut self, n: usize) -> Result<&[u8], StateDictError> {
        let broken = StateDictError::Broken { at: self.at };
        let end = self.at.checked_add(n).ok_or(broken.clone())?;
        let taken = self.pickle.get(self.at..end).ok_or(broken)?;
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], StateDictError> {
        let broken = StateDictError::Broken { at: self.at };
        self.take(N)?.try_into().map_err(|_| broken)
    }

    fn u32(&mut self) -> Result<u32, StateDictError> {
        self.array().map(u32::from_le_bytes)
    }

    /// A protocol above 2 has other instructions, which are refused when they come.
    fn protocol(&mut self, at: usize) -> Result<(), StateDictError> {
        let protocol = self.take(1)?[0];
        if protocol == 2 {
            return Ok(());
        }
        let found = format!("protocol {protocol}");
        Err(StateDictError::Structure { at, expected: "protocol 2, PyTorch's default", found })
    }

    fn remember(&mut self, key: impl Fn(&mut Self) -> Result<u32, StateDictError>) -> Result<(), StateDictError> {
        let key = key(self)?;
        let top = match self.stack.last().ok_or(StateDictError::Broken { at: self.at })? {
            // It may grow later, so `recall` refuses it: no need of a copy.
            Value::Dict(_) => Value::Dict(Dict::default()),
            other => other.clone(),
        };
        self.memo.insert(key, top);
        Ok(())
    }

    fn recall(&mut self, key: impl Fn(&mut Self) -> Result<u32, StateDictError>) -> Result<(), StateDictError> {
        let key = key(self)?;
        match self.memo.get(&key) {
            Some(dict @ Value::Dict(_)) => Err(self.expected("a value that does not change", dict)),
            Some(value) => {
                self.stack.push(value.clone());
                Ok(())
            }
            None => Err(StateDictError::Broken { at: self.at }),
        }
    }

    fn text(&mut self) -> Result<(), StateDictError> {
        let n = self.u32()? as usize;
        let broken = StateDictError::Broken { at: self.at };
        let text = std::str::from_utf8(self.take(n)?).map_err(|_| broken)?.into();
        self.stack.push(Value::Text(text));
        Ok(())
    }

    /// A number of up to eight bytes, lowest first, with sign.
    fn long(&mut self) -> Result<(), StateDictError> {
        let (at, n) = (self.at, usize::from(self.take(1)?[0]));
        if n > 8 {
            let found = format!("a number of {n} bytes");
            return Err(StateDictError::Structure { at, expected: "a number of at most 8 bytes", found });
        }
        let bytes = self.take(n)?;
        let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
        let mut whole = [if negative { 0xFF } else { 0 }; 8];
        whole[..n].copy_from_slice(bytes);
        self.stack.push(Value::Int(i64::from_le_bytes(whole)));
        Ok(())
    }

    fn pop(&mut self) -> Result<Value, StateDictError> {
        self.stack.pop().ok_or(StateDictError::Broken { at: self.at })
    }

    fn pop_last(&mut self, n: usize) -> Result<Vec<Value>, StateDictError> {
        let from = self.stack.len().checked_sub(n).ok_or(StateDictError::Broken { at: self.at })?;
        Ok(self.stack.split_off(from))
    }

    fn pop_marked(&mut self) -> Result<Vec<Value>, StateDictError> {
        let from = self.marks.pop().filter(|&from| from <= self.stack.len());
        Ok(self.stack.split_off(from.ok_or(StateDictError::Broken { at: self.at })?))
    }

    fn tuple(&mut self, items: Vec<Value>) -> Result<(), StateDictError> {
        let deepest = items.iter().map(|item| if let Value::Tuple(_, depth) = item { *depth } else { 0 }).max();
        let depth = deepest.unwrap_or(0) + 1;
        if depth > DEEPEST {
            let found = "tuples in tuples without end".to_owned();
            return Err(StateDictError::Structure { at: self.at, expected: "at most four", found });
        }
        self.stack.push(Value::Tuple(items.into(), depth));
        Ok(())
    }

    fn set(&mut self, items: Vec<Value>) -> Result<(), StateDictError> {
        let at = self.at;
        let wrong =
            |expected, value: &Value| StateDictError::Structure { at, expected, found: value.name().to_owned() };
        let dict = match self.stack.last_mut() {
            Some(Value::Dict(dict)) => dict,
            Some(other) => return Err(wrong("a dictionary", other)),
            None => return Err(StateDictError::Broken { at }),
        };
        for pair in items.chunks(2) {
            match pair {
                [Value::Text(name), Value::Tensor(recipe)] => dict.tensors.push((name.to_string(), recipe.clone())),
                [Value::Text(name), _] => {
                    dict.other.get_or_insert_with(|| name.to_string());
                }
                [key, _] => return Err(wrong("a text as key", key)),
                _ => return Err(StateDictError::Broken { at }),
            }
        }
        Ok(())
    }

    fn global(&mut self) -> Result<(), StateDictError> {
        let (module, name) = (self.line()?, self.line()?);
        let value = match (module.as_str(), name.as_str()) {
            ("collections", "OrderedDict") => Value::OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2") => Value::RebuildTensor,
            ("torch._utils", "_rebuild_parameter") => Value::RebuildParameter,
            ("torch", class) if kind(class).is_some() => kind(class).map_or(Value::None, Value::StorageClass),
            _ => return Err(StateDictError::Global { name: format!("{module}.{name}") }),
        };
        self.stack.push(value);
        Ok(())
    }

    fn line(&mut self) -> Result<String, StateDictError> {
        let broken = StateDictError::Broken { at: self.at };
        let rest = self.pickle.get(self.at..).unwrap_or_default();
        let n = rest.iter().position(|&byte| byte == b'\n').ok_or(broken.clone())?;
        let line = std::str::from_utf8(self.take(n)?).map_err(|_| broken)?.to_owned();
        self.at += 1;
        Ok(line)
    }

    /// What PyTorch would call: an empty dictionary, or the description of a tensor.
    fn reduce(&mut self) -> Result<(), StateDictError> {
        let (arguments, callee) = (self.pop()?, self.pop()?);
        let Value::Tuple(items, _) = &arguments else { return Err(self.expected("arguments", &arguments)) };
        let value = match (&callee, &items[..]) {
            (Value::OrderedDict, []) => Value::Dict(Dict::default()),
            (
                Value::RebuildTensor,
                [Value::Storage { kind, key, numel }, Value::Int(offset), size, stride, Value::Bool, Value::Dict(_)],
            ) => Value::Tensor(Rc::new(Recipe {
                storage: key.to_string(),
                kind: *kind,
                numel: *numel,
                offset: *offset,
                size: self.numbers(size)?,
                stride: self.numbers(stride)?,
            })),
            (Value::RebuildParameter, [tensor @ Value::Tensor(_), Value::Bool, Value::Dict(_)]) => tensor.clone(),
            _ => return Err(self.expected("the arguments of a tensor or of an empty dictionary", &arguments)),
        };
        self.stack.push(value);
        Ok(())
    }

    fn numbers(&self, value: &Value) -> Result<Vec<i64>, StateDictError> {
        let Value::Tuple(items, _) = value else { return Err(self.expected("a shape", value)) };
        let number = |item: &Value| match item {
            Value::Int(n) => Ok(*n),
            other => Err(self.expected("a number", other)),
        };
        items.iter().map(number).collect()
    }

    /// A storage: ("storage", class, key, device, numbers in it). The device is left aside.
    fn persistent(&mut self) -> Result<(), StateDictError> {
        let id = self.pop()?;
        if let Value::Tuple(items, _) = &id
            && let [Value::Text(tag), Value::StorageClass(kind), Value::Text(key), Value::Text(_), Value::Int(numel)] =
                &items[..]
            && &**tag == "storage"
        {
            self.stack.push(Value::Storage { kind: *kind, key: key.clone(), numel: *numel });
            return Ok(());
        }
        Err(self.expected("a storage's description", &id))
    }

    /// Attributes of the dictionary, PyTorch's `_metadata`: left aside.
    fn build(&mut self) -> Result<(), StateDictError> {
        let state = self.pop()?;
        match (&state, self.stack.last()) {
            (Value::Dict(_), Some(Value::Dict(_))) => Ok(()),
            (other, _) => Err(self.expected("attributes of a dictionary", other)),
        }
    }

    fn stop(&mut self) -> Result<Dict, StateDictError> {
        match self.pop()? {
            Value::Dict(dict) => Ok(dict),
            other => Err(self.expected("a dictionary of tensors", &other)),
        }
    }

    fn expected(&self, expected: &'static str, found: &Value) -> StateDictError {
        StateDictError::Structure { at: self.at, expected, found: found.name().to_owned() }
    }
}
