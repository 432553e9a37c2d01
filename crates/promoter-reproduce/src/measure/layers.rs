//! What networks are made of.

use std::collections::BTreeMap;

use promoter_torch::Params;
use promoter_zoo::info::{Info, Layer};
use promoter_zoo::registry::NetworkConfig;
use tch::Device;
use toml::{Table, Value};

use crate::Error;
use crate::outcome::Measured;
use crate::value;

/// Why a layer cannot be measured.
pub(super) enum Fault {
    /// The network lacks it.
    Missing(String),
    /// The network cannot be built.
    Network(promoter_zoo::Error),
}

impl Fault {
    /// The error of a measure.
    pub(super) fn of(self, measure: &str) -> Error {
        match self {
            Self::Missing(reason) => Error::Measure { measure: measure.to_owned(), reason },
            Self::Network(source) => source.into(),
        }
    }
}

impl From<promoter_zoo::Error> for Fault {
    fn from(source: promoter_zoo::Error) -> Self {
        Self::Network(source)
    }
}

pub(super) fn info(network: &NetworkConfig) -> Result<Info, promoter_zoo::Error> {
    Info::of(network)
}

/// Parameters of the layers whose names start with one of `layers`, of all when there is none; `averages` adds those of
/// their batch norms.
pub(super) fn parameters(network: &NetworkConfig, layers: &[String], averages: bool) -> Result<usize, Fault> {
    let info = info(network)?;
    if layers.is_empty() && !averages {
        return Ok(info.parameters);
    }
    for start in layers {
        if !info.layers.iter().any(|layer| layer.name.starts_with(start)) {
            let names: Vec<&str> = info.layers.iter().map(|layer| layer.name.as_str()).collect();
            return Err(Fault::Missing(format!("no layer starts with {start:?}; there are {}", names.join(", "))));
        }
    }
    let is_in = |name: &str| layers.is_empty() || layers.iter().any(|start| name.starts_with(start));
    let counted = info.layers.iter().filter(|layer| is_in(&layer.name)).map(|layer| layer.parameters).sum::<usize>();
    if !averages {
        return Ok(counted);
    }
    let mut params = Params::new(Device::Cpu, 0);
    network.build(&mut params)?;
    let known: Vec<&str> = params.trainable().map(|entry| entry.name.as_str()).collect();
    let buffers = params.entries().iter().filter(|entry| !known.contains(&entry.name.as_str()));
    let averages =
        buffers.filter(|entry| is_in(&entry.name) && entry.name.contains("running")).map(|e| e.tensor.numel());
    Ok(counted + averages.sum::<usize>())
}

pub(super) fn shape(network: &NetworkConfig, layer: Option<&str>) -> Result<String, Fault> {
    let info = info(network)?;
    let shape = match layer {
        None => info.input.to_vec(),
        Some(name) => find(&info, name)?.output.clone(),
    };
    Ok(shape.iter().map(i64::to_string).collect::<Vec<_>>().join(" x "))
}

/// Products for each number that a layer puts out.
pub(super) fn fan_in(network: &NetworkConfig, layer: &str) -> Result<u64, Fault> {
    let info = info(network)?;
    let found = find(&info, layer)?;
    Ok(found.multiply_adds / found.output.iter().product::<i64>().max(1) as u64)
}

fn find<'a>(info: &'a Info, layer: &str) -> Result<&'a Layer, Fault> {
    let found = info.layers.iter().find(|one| one.name == layer);
    found.ok_or_else(|| Fault::Missing(format!("no layer {layer:?}")))
}

/// Every combination of the axes' values is built and counted.
pub(super) fn grid(
    network: &NetworkConfig,
    axes: &BTreeMap<String, Vec<i64>>,
    count: usize,
) -> Result<Measured, Error> {
    let mut cells: Vec<Vec<(&String, i64)>> = vec![Vec::new()];
    for (axis, values) in axes {
        let mut longer = Vec::new();
        for cell in &cells {
            longer.extend(values.iter().map(|&value| cell.iter().copied().chain([(axis, value)]).collect()));
        }
        cells = longer;
    }
    let own: Table = toml::to_string(network).unwrap_or_default().parse().unwrap_or_default();
    let mut found = Vec::new();
    for cell in &cells {
        let mut table = own.clone();
        table.extend(cell.iter().map(|(axis, value)| ((*axis).clone(), Value::Integer(*value))));
        let config: NetworkConfig =
            Value::Table(table).try_into().map_err(|source| Error::NetworkTable { source: Box::new(source) })?;
        let mut params = Params::new(Device::Cpu, 0);
        let network = config.build(&mut params)?;
        let buffers = if network.counts_buffers() { params.buffer_count() } else { 0 };
        if params.parameter_count() + buffers == count {
            found.push(cell.iter().map(|(axis, value)| format!("{axis} {value}")).collect::<Vec<_>>().join(", "));
        }
    }
    let which = if found.is_empty() { "none".into() } else { found.join("; ") };
    let detail = format!("of {} networks: {which}", cells.len());
    Ok(Measured { value: value::Value::Number(found.len() as f64), detail })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The printed summary of MadLab counts 152,617 with 2,304 averages; the parallel convolutions have them all.
    #[test]
    fn averages_count_where_kerass_summary_counts_them() {
        let network = NetworkConfig::by_name("madlab").unwrap();
        let branches = ["branches".to_owned()];
        let of = |averages| parameters(&network, &branches, averages).ok().unwrap();
        assert_eq!(of(true) - of(false), 2304);
        assert_eq!(of(true), 148_608);
    }
}
