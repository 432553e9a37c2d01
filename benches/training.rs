//! What the benchmark of training and its turns with PyTorch have in common.

use std::hint::black_box;

use promoter_torch::Params;
use promoter_torch::backend::autocast;
use promoter_train::optimiser::{Optimiser, OptimiserConfig};
use promoter_zoo::registry::NetworkConfig;
use promoter_zoo::{Input, Mode, Network};
use tch::{Cuda, Device, Kind, Reduction, Tensor};

/// A network with everything that a step needs.
pub struct Training {
    network: Box<dyn Network>,
    optimiser: Optimiser,
    x: Tensor,
    y: Tensor,
    kind: Option<Kind>,
    steps: u64,
    _params: Params,
}

impl Training {
    /// Random input and labels; `kind` is that of the matrix products, f32 if omitted.
    pub fn new(name: &str, batch: i64, kind: Option<Kind>, device: Device) -> Self {
        let mut params = Params::new(device, 1);
        let network = NetworkConfig::by_name(name).unwrap().build(&mut params).unwrap();
        let config = OptimiserConfig::Adam { lr: 1e-4, betas: [0.9, 0.999], eps: 1e-7 };
        let optimiser = config.build(&params).unwrap();
        let Input { length, channels } = network.input();
        let x = match channels {
            4..=6 => Tensor::randint(4, [batch, length], (Kind::Int64, device)).one_hot(channels).to_kind(Kind::Float),
            _ => Tensor::randn([batch, length, channels], (Kind::Float, device)),
        };
        let y = Tensor::rand([batch], (Kind::Float, device));
        Self { network, optimiser, x, y, kind, steps: 0, _params: params }
    }

    fn forward(&self, mode: Mode) -> Tensor {
        autocast(self.x.device(), self.kind, || self.network.forward(&self.x, mode).unwrap()).unwrap()
    }

    /// A forward pass in evaluation.
    #[allow(dead_code, reason = "the turns with PyTorch are of steps")]
    pub fn predict(&mut self) {
        let _ = black_box(tch::no_grad(|| self.forward(Mode::Evaluate)));
        self.finish();
    }

    /// A training step by the mean square error of every output.
    pub fn step(&mut self) {
        let output = self.forward(Mode::Train).to_kind(Kind::Float);
        let target = self.y.unsqueeze(1).expand_as(&output);
        let gradients = self.optimiser.gradients(&output.mse_loss(&target, Reduction::Mean)).unwrap();
        self.steps += 1;
        self.optimiser.step(&gradients, self.steps, 1.0, None).unwrap();
        self.finish();
    }

    /// Waits for the device's work.
    fn finish(&self) {
        if let Device::Cuda(index) = self.x.device() {
            Cuda::synchronize(index as i64);
        }
    }
}
