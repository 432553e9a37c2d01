//! What networks are made of.

use std::collections::BTreeMap;

use promoter_torch::Params;
use promoter_zoo::info::Info;
use promoter_zoo::registry::NetworkConfig;
use tch::Device;
use toml::{Table, Value};

use crate::outcome::Measured;
use crate::reproduction;

fn config(network: &Table) -> Result<NetworkConfig, String> {
    Value::Table(network.clone()).try_into().map_err(|error: toml::de::Error| error.to_string())
}

pub(super) fn info(network: &Table) -> Result<Info, String> {
    Info::of(&config(network)?).map_err(|error| error.to_string())
}

/// Parameters of the layers whose names start with one of `layers`, of all when there is none.
pub(super) fn parameters(network: &Table, layers: &[String]) -> Result<usize, String> {
    let info = info(network)?;
    if layers.is_empty() {
        return Ok(info.parameters);
    }
    for start in layers {
        if !info.layers.iter().any(|layer| layer.name.starts_with(start)) {
            let names: Vec<&str> = info.layers.iter().map(|layer| layer.name.as_str()).collect();
            return Err(format!("no layer starts with {start:?}; there are {}", names.join(", ")));
        }
    }
    let is_in = |name: &str| layers.iter().any(|start| name.starts_with(start));
    Ok(info.layers.iter().filter(|layer| is_in(&layer.name)).map(|layer| layer.parameters).sum())
}

pub(super) fn shape(network: &Table, layer: Option<&str>) -> Result<String, String> {
    let info = info(network)?;
    let shape = match layer {
        None => info.input.to_vec(),
        Some(name) => {
            let found = info.layers.iter().find(|layer| layer.name == name);
            found.map(|layer| layer.output.clone()).ok_or_else(|| format!("there is no layer {name:?}"))?
        }
    };
    Ok(shape.iter().map(i64::to_string).collect::<Vec<_>>().join(" x "))
}

/// Products for each number that a layer puts out.
pub(super) fn fan_in(network: &Table, layer: &str) -> Result<u64, String> {
    let info = info(network)?;
    let found =
        info.layers.iter().find(|one| one.name == layer).ok_or_else(|| format!("there is no layer {layer:?}"))?;
    Ok(found.multiply_adds / found.output.iter().product::<i64>().max(1) as u64)
}

/// Every combination of the axes' values is built and counted.
pub(super) fn grid(network: &Table, axes: &BTreeMap<String, Vec<i64>>, count: usize) -> Result<Measured, String> {
    let mut cells: Vec<Vec<(&String, i64)>> = vec![Vec::new()];
    for (axis, values) in axes {
        let mut longer = Vec::new();
        for cell in &cells {
            for &value in values {
                longer.push(cell.iter().copied().chain([(axis, value)]).collect());
            }
        }
        cells = longer;
    }
    let mut found = Vec::new();
    let all = cells.len();
    for cell in cells {
        let mut table = network.clone();
        table.extend(cell.iter().map(|(axis, value)| ((*axis).clone(), Value::Integer(*value))));
        let mut params = Params::new(Device::Cpu, 0);
        let network = config(&table)?.build(&mut params).map_err(|error| error.to_string())?;
        let buffers = if network.counts_buffers() { params.buffer_count() } else { 0 };
        if params.parameter_count() + buffers == count {
            found.push(cell.iter().map(|(axis, value)| format!("{axis} {value}")).collect::<Vec<_>>().join(", "));
        }
    }
    let detail = format!("of {all} networks: {}", if found.is_empty() { "none".into() } else { found.join("; ") });
    Ok(Measured { value: reproduction::Value::Number(found.len() as f64), detail })
}
