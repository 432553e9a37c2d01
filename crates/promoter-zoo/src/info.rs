//! What a network is made of: layers, shapes, parameters, cost.

use std::fmt;

use promoter_torch::Params;
use serde::Serialize;
use tch::{Device, Kind, Tensor};

use crate::error::InLayer;
use crate::registry::NetworkConfig;
use crate::trace::trace;
use crate::{Error, Mode};

/// A network's layers, counts and cost per sequence.
///
/// ```
/// use promoter_zoo::info::Info;
/// use promoter_zoo::registry::NetworkConfig;
/// let info = Info::of(&NetworkConfig::by_name("peppa")?)?;
/// assert_eq!(info.parameters, 1_995_617);
/// assert!(info.to_string().contains("1,995,617"));
/// # Ok::<(), promoter_zoo::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Info {
    /// Name in configurations.
    pub name: &'static str,
    /// Paper, report or code that the network is from.
    pub source: &'static str,
    /// Positions and numbers per position.
    pub input: [i64; 2],
    /// Numbers that come out.
    pub outputs: i64,
    /// Layers with weights and attention, in the order in which they run.
    pub layers: Vec<Layer>,
    /// Numbers in parameters, counted as the source's framework does: Keras includes the averages of batch norms.
    pub parameters: usize,
    /// Numbers that training changes.
    pub trainable_parameters: usize,
    /// Numbers in buffers: averages of batch norms, counters.
    pub buffers: usize,
    /// Products added up for one sequence.
    pub multiply_adds: u64,
}

/// One layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Layer {
    /// Name, as in the names of its tensors.
    pub name: String,
    /// What it is.
    pub kind: &'static str,
    /// Shape of its output for one sequence.
    pub output: Vec<i64>,
    /// Numbers in its parameters.
    pub parameters: usize,
    /// Products added up in it for one sequence.
    pub multiply_adds: u64,
}

impl Info {
    /// Builds the network on the CPU and runs one empty sequence through it.
    ///
    /// # Errors
    /// Those of [`NetworkConfig::build`], [`Error::Layer`].
    pub fn of(config: &NetworkConfig) -> Result<Self, Error> {
        let mut params = Params::new(Device::Cpu, 0);
        let network = config.build(&mut params)?;
        let input = network.input();
        let x = Tensor::f_zeros([1, input.length, input.channels], (Kind::Float, Device::Cpu)).in_layer("input")?;
        let _guard = tch::no_grad_guard();
        let (output, rows) = trace(|| network.forward(&x, Mode::Evaluate));
        let _ = output?;
        let mut layers: Vec<Layer> = rows
            .into_iter()
            .map(|row| Layer {
                name: row.layer,
                kind: row.kind,
                output: row.output.get(1..).unwrap_or_default().to_vec(),
                parameters: 0,
                multiply_adds: row.multiply_adds,
            })
            .collect();
        for entry in params.entries().iter().filter(|entry| entry.role == promoter_torch::params::Role::Parameter) {
            if let Some(layer) = owner(&mut layers, &entry.name) {
                layer.parameters += entry.tensor.numel();
            }
        }
        let buffers = params.buffer_count();
        Ok(Self {
            name: config.name(),
            source: config.source(),
            input: [input.length, input.channels],
            outputs: network.outputs(),
            multiply_adds: layers.iter().map(|layer| layer.multiply_adds).sum(),
            layers,
            parameters: params.parameter_count() + if network.counts_buffers() { buffers } else { 0 },
            trainable_parameters: params.trainable_count(),
            buffers,
        })
    }
}

/// The layer of the longest name that a tensor's name starts with; the first, where a layer runs more than once.
fn owner<'a>(layers: &'a mut [Layer], tensor: &str) -> Option<&'a mut Layer> {
    let starts = |layer: &Layer| tensor.strip_prefix(&layer.name).is_some_and(|rest| rest.starts_with(['.', '_']));
    let longest = layers.iter().filter(|layer| starts(layer)).map(|layer| layer.name.len()).max()?;
    layers.iter_mut().find(|layer| layer.name.len() == longest && tensor.starts_with(&layer.name))
}

impl fmt::Display for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [length, channels] = self.input;
        writeln!(f, "{}: {length} x {channels} to {}", self.name, self.outputs)?;
        writeln!(f, "{}\n", self.source)?;
        let head = ["layer", "kind", "output", "parameters", "multiply-adds"].map(str::to_owned);
        let rows: Vec<[String; 5]> = std::iter::once(head)
            .chain(self.layers.iter().map(|layer| {
                let output = layer.output.iter().map(i64::to_string).collect::<Vec<_>>().join(" x ");
                let (parameters, cost) = (grouped(layer.parameters as u64), grouped(layer.multiply_adds));
                [layer.name.clone(), layer.kind.to_owned(), output, parameters, cost]
            }))
            .collect();
        let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
        let (a, b, c, d, e) = (width(0), width(1), width(2), width(3), width(4));
        for [name, kind, output, parameters, cost] in &rows {
            writeln!(f, "{name:a$}  {kind:b$}  {output:c$}  {parameters:>d$}  {cost:>e$}")?;
        }
        writeln!(f)?;
        for (what, n) in [
            ("parameters", self.parameters as u64),
            ("trainable parameters", self.trainable_parameters as u64),
            ("buffers", self.buffers as u64),
            ("multiply-adds per sequence", self.multiply_adds),
        ] {
            writeln!(f, "{what:26}  {:>15}", grouped(n))?;
        }
        Ok(())
    }
}

/// With a comma before each group of three digits.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
