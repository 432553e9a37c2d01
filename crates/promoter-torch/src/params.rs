//! Named parameters and buffers of a network, in the order its layers made them.

use std::collections::BTreeSet;

use tch::{Device, Kind, Tensor};

use crate::{Error, Init, shim};

/// Most numbers that the tensors of one network have together: 4 GiB of f32, sixty times the largest network here.
pub const MOST_NUMBERS: u64 = 1 << 30;

/// One tensor of a network.
#[derive(Debug)]
pub struct Entry {
    /// Name, with dots between the layers: `stem.conv.weight`.
    pub name: String,
    /// The values; layers hold the same storage.
    pub tensor: Tensor,
    /// Whether it is a parameter (trained unless frozen) or a buffer (running statistics, counters).
    pub role: Role,
    /// Whether the source framework stores the axes the other way round, as Keras and Sonnet do with kernels:
    /// (width, in, out) where LibTorch has (out, in, width).
    pub reversed: bool,
}

/// What a tensor of a network is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Changed by the optimiser.
    Parameter,
    /// Kept by the layer itself: running averages, counters.
    Buffer,
}

/// A tensor of a network by what a weight file must have for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Name.
    pub name: String,
    /// Shape.
    pub shape: Vec<i64>,
    /// Kind of number.
    pub kind: Kind,
}

/// All tensors of one network on one device.
///
/// Together they have at most [`MOST_NUMBERS`]. A network that is first made in [`Params::planned`] is refused for its
/// sizes before any memory is taken.
///
/// ```
/// use promoter_torch::{Init, Params};
/// use tch::Device;
///
/// let mut params = Params::new(Device::Cpu, 1);
/// let mut root = params.root();
/// let bias = root.sub("head").parameter("bias", &[18], Init::ZEROS)?;
/// assert!(bias.requires_grad());
/// assert_eq!(params.entries()[0].name, "head.bias");
/// assert_eq!(params.parameter_count(), 18);
/// # Ok::<(), promoter_torch::Error>(())
/// ```
#[derive(Debug)]
pub struct Params {
    device: Device,
    seed: u64,
    entries: Vec<Entry>,
    names: BTreeSet<String>,
    /// Numbers in all tensors, constants too.
    numbers: u64,
    is_plan: bool,
}

impl Params {
    /// No tensors yet; what is made will be on `device`, initialised from `seed`.
    pub fn new(device: Device, seed: u64) -> Self {
        Self { device, seed, entries: Vec::new(), names: BTreeSet::new(), numbers: 0, is_plan: false }
    }

    /// No tensors yet; what is made will have a name, a shape and a kind, but no values and no memory.
    ///
    /// ```
    /// use promoter_torch::{Init, Params};
    /// let mut params = Params::planned();
    /// params.root().parameter("weight", &[1 << 15, 1 << 14], Init::ZEROS)?;
    /// assert_eq!(params.plan()[0].shape, [32768, 16384]);
    /// let error = params.root().parameter("more", &[1 << 62, 16], Init::ZEROS).unwrap_err();
    /// assert!(error.to_string().contains("at most 1073741824 numbers"));
    /// # Ok::<(), promoter_torch::Error>(())
    /// ```
    pub fn planned() -> Self {
        Self { is_plan: true, ..Self::new(Device::Cpu, 0) }
    }

    /// Names, shapes and kinds of all tensors, in the order they were made.
    pub fn plan(&self) -> Vec<Planned> {
        let planned =
            |entry: &Entry| Planned { name: entry.name.clone(), shape: entry.tensor.size(), kind: entry.tensor.kind() };
        self.entries.iter().map(planned).collect()
    }

    /// Where the tensors are.
    pub fn device(&self) -> Device {
        self.device
    }

    /// The scope in which a network makes its tensors.
    pub fn root(&mut self) -> Scope<'_> {
        Scope { params: self, prefix: String::new() }
    }

    /// All tensors in the order they were made.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The tensor of a name.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.entries.iter().find(|entry| entry.name == name).map(|entry| &entry.tensor)
    }

    /// Parameters that are trained, in order.
    pub fn trainable(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.role == Role::Parameter && entry.tensor.requires_grad())
    }

    /// Numbers in all parameters, trained or frozen.
    pub fn parameter_count(&self) -> usize {
        self.entries.iter().filter(|entry| entry.role == Role::Parameter).map(|entry| entry.tensor.numel()).sum()
    }

    /// Numbers in the parameters that are trained.
    pub fn trainable_count(&self) -> usize {
        self.trainable().map(|entry| entry.tensor.numel()).sum()
    }

    /// Numbers in the buffers.
    pub fn buffer_count(&self) -> usize {
        self.entries.iter().filter(|entry| entry.role == Role::Buffer).map(|entry| entry.tensor.numel()).sum()
    }

    /// Takes the parameters whose name `chosen` accepts out of training; returns how many numbers that are.
    pub fn freeze(&mut self, chosen: impl Fn(&str) -> bool) -> usize {
        let mut frozen = 0;
        for entry in &self.entries {
            if entry.role == Role::Parameter && chosen(&entry.name) {
                let _ = entry.tensor.set_requires_grad(false);
                frozen += entry.tensor.numel();
            }
        }
        frozen
    }

    /// Forgets the gradients of all parameters.
    pub fn zero_grad(&self) {
        for entry in self.trainable() {
            let mut tensor = entry.tensor.shallow_clone();
            tensor.zero_grad();
        }
    }

    /// Counts a tensor that is about to be made.
    fn count(&mut self, name: &str, shape: &[i64]) -> Result<(), Error> {
        let numbers = numel(shape).and_then(|n| self.numbers.checked_add(n)).filter(|&n| n <= MOST_NUMBERS);
        let too_large = || Error::TooLarge { name: name.to_owned(), shape: shape.to_vec(), limit: MOST_NUMBERS };
        self.numbers = numbers.ok_or_else(too_large)?;
        Ok(())
    }

    fn add(&mut self, entry: Entry) -> Tensor {
        let tensor = entry.tensor.shallow_clone();
        self.entries.push(entry);
        tensor
    }
}

/// Numbers in a tensor of a shape; `None` for a shape that no tensor can have.
pub(crate) fn numel(shape: &[i64]) -> Option<u64> {
    shape.iter().try_fold(1u64, |numel, &n| numel.checked_mul(u64::try_from(n).ok()?))
}

/// A place in a network's names, in which layers make their tensors.
#[derive(Debug)]
pub struct Scope<'a> {
    params: &'a mut Params,
    prefix: String,
}

impl Scope<'_> {
    /// The scope of a layer called `name` within this one.
    pub fn sub(&mut self, name: impl std::fmt::Display) -> Scope<'_> {
        let prefix = format!("{}{name}.", self.prefix);
        Scope { params: self.params, prefix }
    }

    /// Name of the layer that this scope is for, without a dot at the end.
    pub fn layer(&self) -> &str {
        self.prefix.strip_suffix('.').unwrap_or(&self.prefix)
    }

    /// Where the tensors are.
    pub fn device(&self) -> Device {
        self.params.device
    }

    /// A parameter whose axes lie as in its source framework.
    ///
    /// # Errors
    /// [`Error::DuplicateName`], [`Error::TooLarge`], [`Error::Init`].
    pub fn parameter(&mut self, name: &str, shape: &[i64], init: Init) -> Result<Tensor, Error> {
        self.make(name, shape, init, Role::Parameter, false)
    }

    /// A kernel that its source framework stores with the axes reversed (Keras, Sonnet); `shape` is LibTorch's.
    ///
    /// # Errors
    /// [`Error::DuplicateName`], [`Error::TooLarge`], [`Error::Init`].
    pub fn reversed_parameter(&mut self, name: &str, shape: &[i64], init: Init) -> Result<Tensor, Error> {
        self.make(name, shape, init, Role::Parameter, true)
    }

    /// A buffer of one value.
    ///
    /// # Errors
    /// [`Error::DuplicateName`], [`Error::TooLarge`].
    pub fn buffer(&mut self, name: &str, shape: &[i64], value: f64) -> Result<Tensor, Error> {
        self.make(name, shape, Init::Constant(value), Role::Buffer, false)
    }

    /// A whole number that is counted up, starting at 0.
    ///
    /// # Errors
    /// [`Error::DuplicateName`], [`Error::TooLarge`].
    pub fn counter(&mut self, name: &str) -> Result<Tensor, Error> {
        let name = self.claim(name, &[])?;
        let tensor = match self.params.is_plan {
            true => shim::meta(&[], Kind::Int64)?,
            false => Tensor::f_zeros([0i64; 0], (Kind::Int64, self.params.device))?,
        };
        Ok(self.params.add(Entry { name, tensor, role: Role::Buffer, reversed: false }))
    }

    /// Numbers that a layer works out from its sizes, row-major: they are not in weight files, but in memory.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Torch`] where there are more or fewer `values` than the shape has.
    pub fn constant<T: tch::kind::Element>(
        &mut self,
        name: &str,
        shape: &[i64],
        values: impl FnOnce() -> Vec<T>,
    ) -> Result<Tensor, Error> {
        self.params.count(&format!("{}{name}", self.prefix), shape)?;
        if self.params.is_plan {
            return Ok(shim::meta(shape, T::KIND)?);
        }
        Ok(Tensor::f_from_slice(&values())?.f_reshape(shape)?.f_to_device(self.params.device)?)
    }

    /// The full name of a tensor that is about to be made: counted, and not there yet.
    fn claim(&mut self, name: &str, shape: &[i64]) -> Result<String, Error> {
        let name = format!("{}{name}", self.prefix);
        self.params.count(&name, shape)?;
        if !self.params.names.insert(name.clone()) {
            return Err(Error::DuplicateName { name });
        }
        Ok(name)
    }

    fn make(&mut self, name: &str, shape: &[i64], init: Init, role: Role, reversed: bool) -> Result<Tensor, Error> {
        let name = self.claim(name, shape)?;
        let tensor = match self.params.is_plan {
            true => shim::meta(shape, Kind::Float)?,
            false => match init.draw(self.params.seed, &name, shape) {
                Some(values) => Tensor::f_from_slice(&values)?.f_reshape(shape)?.f_to_device(self.params.device)?,
                None => return Err(Error::Init { name, init: init.name(), shape: shape.to_vec() }),
            },
        };
        let tensor = tensor.f_set_requires_grad(role == Role::Parameter)?;
        Ok(self.params.add(Entry { name, tensor, role, reversed }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_tensor_of_one_name_is_refused() {
        let mut params = Params::new(Device::Cpu, 0);
        let _ = params.root().buffer("mean", &[2], 0.0).unwrap();
        let error = params.root().parameter("mean", &[2], Init::ZEROS).unwrap_err();
        assert_eq!(error.to_string(), "`mean` is defined twice");
    }

    #[test]
    fn frozen_parameters_are_counted_but_not_trained() {
        let mut params = Params::new(Device::Cpu, 0);
        let _ = params.root().parameter("a", &[2, 3], Init::ONES).unwrap();
        let _ = params.root().parameter("b", &[5], Init::ONES).unwrap();
        assert_eq!(params.freeze(|name| name == "a"), 6);
        assert_eq!((params.parameter_count(), params.trainable_count()), (11, 5));
        assert_eq!(params.trainable().map(|e| e.name.as_str()).collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn layers_share_the_storage_of_the_entries() {
        let mut params = Params::new(Device::Cpu, 0);
        let tensor = params.root().buffer("mean", &[1], 0.0).unwrap();
        let _ = tensor.shallow_clone().fill_(3.0);
        assert_eq!(params.get("mean").unwrap().double_value(&[0]), 3.0);
        let error = params.root().parameter("v", &[3], Init::Orthogonal).unwrap_err();
        assert_eq!(error.to_string(), "`v`: an orthogonal matrix cannot fill the shape [3]");
    }

    /// Names, shapes and kinds are those of the tensors themselves, and nothing is allocated: a plan of 4 GiB takes
    /// none.
    #[test]
    fn a_plan_is_what_is_made_afterwards() {
        let make = |params: &mut Params| {
            let mut root = params.root();
            let _ = root.sub("conv").reversed_parameter("weight", &[3, 2, 5], Init::ONES)?;
            let _ = root.buffer("mean", &[3], 1.0)?;
            let _ = root.counter("steps")?;
            root.constant("table", &[2, 2], || vec![1i64, 2, 3, 4])
        };
        let (mut plan, mut params) = (Params::planned(), Params::new(Device::Cpu, 1));
        let (planned, constant) = (make(&mut plan).unwrap(), make(&mut params).unwrap());
        assert_eq!((planned.size(), planned.kind()), (constant.size(), constant.kind()));
        assert_eq!(plan.plan(), params.plan());
        assert_eq!((plan.parameter_count(), plan.buffer_count()), (30, 4));
        assert!(plan.root().counter("steps").unwrap_err().to_string().contains("twice"));
    }

    #[test]
    fn too_many_numbers_are_refused_before_they_are_made() {
        let most = MOST_NUMBERS as i64;
        for mut params in [Params::planned(), Params::new(Device::Cpu, 1)] {
            for shape in [&[most + 1][..], &[i64::MAX, i64::MAX], &[1 << 40, 1 << 40, 1 << 40], &[-1], &[0, i64::MIN]] {
                let error = params.root().sub("layer").parameter("weight", shape, Init::Orthogonal).unwrap_err();
                assert!(matches!(&error, Error::TooLarge { name, .. } if name == "layer.weight"), "{error}");
                let values = || -> Vec<i64> { unreachable!() };
                assert!(matches!(params.root().constant("table", shape, values), Err(Error::TooLarge { .. })));
            }
        }
        let mut plan = Params::planned();
        let _ = plan.root().parameter("half", &[most / 2], Init::ZEROS).unwrap();
        let _ = plan.root().parameter("other", &[most / 2], Init::ZEROS).unwrap();
        let error = plan.root().counter("steps").unwrap_err();
        assert_eq!(error.to_string(), "`steps` cannot have the shape []: a network has at most 1073741824 numbers");
    }

    #[test]
    fn params_can_move_to_another_thread() {
        fn send<T: Send>() {}
        send::<Params>();
    }
}
