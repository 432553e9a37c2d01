//! Named parameters and buffers of a network, in the order its layers made them.

use tch::{Device, Kind, Tensor};

use crate::{Error, Init};

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

/// All tensors of one network on one device.
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
}

impl Params {
    /// No tensors yet; what is made will be on `device`, initialised from `seed`.
    pub fn new(device: Device, seed: u64) -> Self {
        Self { device, seed, entries: Vec::new() }
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

    fn add(&mut self, entry: Entry) -> Result<Tensor, Error> {
        if self.get(&entry.name).is_some() {
            return Err(Error::DuplicateName { name: entry.name });
        }
        let tensor = entry.tensor.shallow_clone();
        self.entries.push(entry);
        Ok(tensor)
    }
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
    /// [`Error::DuplicateName`], [`Error::Init`].
    pub fn parameter(&mut self, name: &str, shape: &[i64], init: Init) -> Result<Tensor, Error> {
        self.make(name, shape, init, Role::Parameter, false)
    }

    /// A kernel that its source framework stores with the axes reversed (Keras, Sonnet); `shape` is LibTorch's.
    ///
    /// # Errors
    /// [`Error::DuplicateName`], [`Error::Init`].
    pub fn reversed_parameter(&mut self, name: &str, shape: &[i64], init: Init) -> Result<Tensor, Error> {
        self.make(name, shape, init, Role::Parameter, true)
    }

    /// A buffer of one value.
    ///
    /// # Errors
    /// [`Error::DuplicateName`].
    pub fn buffer(&mut self, name: &str, shape: &[i64], value: f64) -> Result<Tensor, Error> {
        self.make(name, shape, Init::Constant(value), Role::Buffer, false)
    }

    /// A whole number that is counted up, starting at 0.
    ///
    /// # Errors
    /// [`Error::DuplicateName`].
    pub fn counter(&mut self, name: &str) -> Result<Tensor, Error> {
        let tensor = Tensor::f_zeros([0i64; 0], (Kind::Int64, self.params.device))?;
        self.params.add(Entry { name: format!("{}{name}", self.prefix), tensor, role: Role::Buffer, reversed: false })
    }

    fn make(&mut self, name: &str, shape: &[i64], init: Init, role: Role, reversed: bool) -> Result<Tensor, Error> {
        let name = format!("{}{name}", self.prefix);
        let Some(values) = init.draw(self.params.seed, &name, shape) else {
            return Err(Error::Init { name, init: init.name(), shape: shape.to_vec() });
        };
        let tensor = Tensor::f_from_slice(&values)?.f_reshape(shape)?.f_to_device(self.params.device)?;
        let tensor = tensor.f_set_requires_grad(role == Role::Parameter)?;
        self.params.add(Entry { name, tensor, role, reversed })
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

    #[test]
    fn params_can_move_to_another_thread() {
        fn send<T: Send>() {}
        send::<Params>();
    }
}
