//! Where the values of a key come from.

use std::collections::BTreeMap;

use promoter_encode::random::Stream;
use toml::{Table, Value};

/// Values of a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Space {
    /// One of a list, each equally likely.
    Values(Vec<Value>),
    /// Evenly between two numbers.
    Uniform([f64; 2]),
    /// Evenly between the logarithms of two positive numbers.
    LogUniform([f64; 2]),
}

impl Space {
    /// The list; nothing where there is none.
    pub fn values(&self) -> &[Value] {
        match self {
            Self::Values(values) => values,
            _ => &[],
        }
    }

    /// Draws a value.
    pub fn draw(&self, stream: &mut Stream) -> Value {
        match *self {
            Self::Values(ref values) => values[stream.below(values.len() as u64) as usize].clone(),
            Self::Uniform([low, high]) => Value::Float(low + (high - low) * stream.uniform()),
            Self::LogUniform([low, high]) => Value::Float(low * ((high / low).ln() * stream.uniform()).exp()),
        }
    }

    fn of_table(table: &Table) -> Option<Self> {
        let (name, limits) = table.iter().next().filter(|_| table.len() == 1)?;
        let number = |value: &Value| value.as_float().or_else(|| value.as_integer().map(|i| i as f64));
        let limits: Vec<f64> = limits.as_array()?.iter().map(number).collect::<Option<_>>()?;
        let &[low, high] = limits.as_slice() else { return None };
        match name.as_str() {
            "uniform" if low < high && (high - low).is_finite() => Some(Self::Uniform([low, high])),
            "log_uniform" if 0.0 < low && low < high && high.is_finite() => Some(Self::LogUniform([low, high])),
            _ => None,
        }
    }
}

impl From<&Space> for Value {
    fn from(space: &Space) -> Self {
        let limits = |name: &str, limits: &[f64; 2]| {
            let limits = limits.iter().copied().map(Value::Float).collect();
            Value::Table(Table::from_iter([(name.to_owned(), Value::Array(limits))]))
        };
        match space {
            Space::Values(values) => Self::Array(values.clone()),
            Space::Uniform(of) => limits("uniform", of),
            Space::LogUniform(of) => limits("log_uniform", of),
        }
    }
}

/// The spaces of a table by their keys, with dots between the tables; says which key has none.
pub(super) fn collect(table: Table) -> Result<BTreeMap<String, Space>, String> {
    let mut spaces = BTreeMap::new();
    add(&mut spaces, "", table)?;
    Ok(spaces)
}

fn add(spaces: &mut BTreeMap<String, Space>, outer: &str, table: Table) -> Result<(), String> {
    for (inner, value) in table {
        let key = if outer.is_empty() { inner } else { format!("{outer}.{inner}") };
        let space = match value {
            Value::Array(values) if !values.is_empty() => Space::Values(values),
            Value::Table(table) => match Space::of_table(&table) {
                Some(space) => space,
                None if table.keys().any(|name| name == "uniform" || name == "log_uniform") => {
                    return Err(unknown(&key, &Value::Table(table)));
                }
                None => {
                    add(spaces, &key, table)?;
                    continue;
                }
            },
            other => return Err(unknown(&key, &other)),
        };
        if spaces.insert(key.clone(), space).is_some() {
            return Err(format!("`{key}` is there twice"));
        }
    }
    Ok(())
}

fn unknown(key: &str, value: &Value) -> String {
    format!(
        "`{key}` is {value}, expected a list of values, {{ uniform = [low, high] }} or {{ log_uniform = [low, high] }} \
         with low above 0"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<BTreeMap<String, Space>, String> {
        collect(text.parse().unwrap())
    }

    #[test]
    fn keys_may_be_quoted_or_nested_and_only_once() {
        let spaces = of("a.b.c = [1]\n\"a.b.d\" = ['x']\n[e]\nf = { uniform = [0, 2.5] }").unwrap();
        let keys: Vec<&str> = spaces.keys().map(String::as_str).collect();
        assert_eq!(keys, ["a.b.c", "a.b.d", "e.f"]);
        assert_eq!(spaces["e.f"], Space::Uniform([0.0, 2.5]));
        assert_eq!(of("a.b = [1]\n\"a.b\" = [2]").unwrap_err(), "`a.b` is there twice");
    }

    #[test]
    fn what_is_no_space_is_named() {
        for text in [
            "a = 3",
            "a = []",
            "a = { uniform = [1.0] }",
            "a = { uniform = [2.0, 1.0] }",
            "a = { uniform = [nan, 1.0] }",
            "a = { uniform = [0.0, inf] }",
            "a = { log_uniform = [0.0, 1.0] }",
            "a = { log_uniform = ['x', 1.0] }",
            "a = { log_uniform = [1, 2], uniform = [1, 2] }",
        ] {
            assert!(of(text).unwrap_err().starts_with("`a` is "), "{text}");
        }
    }

    #[test]
    fn draws_fill_their_spaces_evenly() {
        let mut stream = Stream::new(1, "test", 0);
        let n = 20_000;
        let mut below = |space: Space, middle: f64, [low, high]: [f64; 2]| {
            let draws: Vec<f64> = (0..n).map(|_| space.draw(&mut stream).as_float().unwrap()).collect();
            assert!(draws.iter().all(|x| (low..=high).contains(x)));
            draws.iter().filter(|x| **x < middle).count() as f64 / f64::from(n)
        };
        let uniform = below(Space::Uniform([1.0, 3.0]), 2.0, [1.0, 3.0]);
        let log_uniform = below(Space::LogUniform([1e-4, 1e-2]), 1e-3, [1e-4, 1e-2]);
        assert!((uniform - 0.5).abs() < 0.02 && (log_uniform - 0.5).abs() < 0.02, "{uniform} {log_uniform}");
        let list = Space::Values(vec![Value::Integer(1), Value::Integer(2), Value::Integer(3)]);
        let ones = (0..n).filter(|_| list.draw(&mut stream) == Value::Integer(1)).count() as f64 / f64::from(n);
        assert!((ones - 1.0 / 3.0).abs() < 0.02, "{ones}");
    }
}
