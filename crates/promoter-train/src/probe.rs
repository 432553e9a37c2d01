//! A network with random sequences and labels: to compare what devices make of it, and to measure how fast.

use std::hint::black_box;

use promoter_encode::random::Stream;
use promoter_torch::Params;
use promoter_zoo::registry::NetworkConfig;
use promoter_zoo::{Input, Mode, Network};
use tch::{Cuda, Device, Kind, Reduction, TchError, Tensor};

use crate::Error;
use crate::error::Doing;
use crate::optimiser::{Optimiser, OptimiserConfig};
use crate::precision::Precision;

/// A network with everything that a training step needs. Weights, sequences and labels are the same on every device.
///
/// ```
/// use promoter_train::precision::Precision;
/// use promoter_train::probe::Probe;
/// use promoter_zoo::registry::NetworkConfig;
/// use tch::Device;
/// let network: NetworkConfig = toml::from_str("name = 'peppa'\nchannels = 32\nheads = 2\nkey = 8\nblocks = 1")?;
/// let mut probe = Probe::new(&network, 4, Precision::F32, Device::Cpu)?;
/// assert_eq!(probe.outputs()?.len(), 4);
/// probe.step()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Probe {
    params: Params,
    network: Box<dyn Network>,
    optimiser: Optimiser,
    x: Tensor,
    y: Tensor,
    precision: Precision,
    steps: u64,
}

impl Probe {
    /// A network and `rows` sequences for it: bases where it takes four to six channels, normal numbers where it takes
    /// vectors of k-mers.
    ///
    /// # Errors
    /// [`Error::Network`], [`Error::Torch`], [`Error::Params`].
    pub fn new(network: &NetworkConfig, rows: usize, precision: Precision, device: Device) -> Result<Self, Error> {
        let mut params = Params::new(device, 1);
        let network = network.build(&mut params)?;
        let adam = OptimiserConfig::Adam { lr: 1e-4, betas: [0.9, 0.999], eps: 1e-7 };
        let optimiser = adam.build(&params)?;
        let mut draws = Stream::new(1, "probe", 0);
        let labels: Vec<f32> = (0..rows).map(|_| draws.uniform() as f32).collect();
        let send = |tensor: Tensor| tensor.f_to_device(device);
        let x = sequences(network.input(), rows, &mut draws).and_then(send).doing("making sequences")?;
        let y = Tensor::f_from_slice(&labels).and_then(send).doing("making labels")?;
        Ok(Self { params, network, optimiser, x, y, precision, steps: 0 })
    }

    fn forward(&self, mode: Mode) -> Result<Tensor, Error> {
        self.precision.within(self.x.device(), || Ok(self.network.forward(&self.x, mode)?))
    }

    /// What the network predicts with batch norms that have seen these sequences, one number for each sequence.
    ///
    /// # Errors
    /// [`Error::Network`], [`Error::Torch`].
    pub fn outputs(&self) -> Result<Vec<f32>, Error> {
        let _guard = tch::no_grad_guard();
        let expression = self.network.expression(&self.forward(Mode::Estimate { batch: 0 })?)?;
        numbers(&expression).doing("collecting predictions")
    }

    /// A forward pass in evaluation, until the device has done it.
    ///
    /// # Errors
    /// As [`outputs`](Self::outputs).
    pub fn predict(&self) -> Result<(), Error> {
        let _guard = tch::no_grad_guard();
        let _ = black_box(self.forward(Mode::Evaluate)?);
        self.finish();
        Ok(())
    }

    /// The gradients of a training step by the mean square error of every output, weight after weight.
    ///
    /// # Errors
    /// As [`outputs`](Self::outputs).
    pub fn gradients(&self) -> Result<Vec<f32>, Error> {
        let mut all = Vec::new();
        for gradient in self.backward()? {
            all.extend(numbers(&gradient).doing("collecting gradients")?);
        }
        Ok(all)
    }

    /// A training step, until the device has done it.
    ///
    /// # Errors
    /// As [`outputs`](Self::outputs).
    pub fn step(&mut self) -> Result<(), Error> {
        let gradients = self.backward()?;
        self.steps += 1;
        self.optimiser.step(&gradients, self.steps, 1.0, None)?;
        self.finish();
        Ok(())
    }

    /// Trainable parameters of the network.
    pub fn parameters(&self) -> usize {
        self.params.trainable_count()
    }

    fn backward(&self) -> Result<Vec<Tensor>, Error> {
        let output = self.forward(Mode::Train)?;
        let loss = || -> Result<Tensor, TchError> {
            let output = output.f_to_kind(Kind::Float)?;
            output.f_mse_loss(&self.y.f_unsqueeze(1)?.f_expand_as(&output)?, Reduction::Mean)
        };
        self.optimiser.gradients(&loss().doing("loss")?)
    }

    /// Waits for a GPU, which works on while the program goes on.
    fn finish(&self) {
        if let Device::Cuda(index) = self.x.device() {
            Cuda::synchronize(index as i64);
        }
    }
}

fn numbers(tensor: &Tensor) -> Result<Vec<f32>, TchError> {
    tensor.f_to_kind(Kind::Float)?.f_to_device(Device::Cpu)?.f_flatten(0, -1)?.f_contiguous().and_then(Vec::try_from)
}

fn sequences(input: Input, rows: usize, draws: &mut Stream) -> Result<Tensor, TchError> {
    let (length, channels) = (input.length as usize, input.channels as usize);
    let mut x = vec![0.0f32; rows * length * channels];
    for position in x.chunks_exact_mut(channels) {
        match channels {
            4..=6 => position[draws.below(4) as usize] = 1.0,
            _ => position.iter_mut().for_each(|value| *value = draws.normal() as f32),
        }
    }
    Tensor::f_from_slice(&x)?.f_view([rows as i64, input.length, input.channels])
}
