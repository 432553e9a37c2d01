//! Where a run takes place: what its numbers depend on besides the experiment.

use promoter_torch::backend;
use serde::{Deserialize, Serialize};
use tch::Device;

use crate::Place;

/// What `env.json` records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// Version of this crate.
    pub version: String,
    /// Commit that it was built from; empty outside a clone.
    pub commit: String,
    /// Version of LibTorch.
    pub libtorch: String,
    /// `cpu` or `cuda:0`.
    pub device: String,
    /// Threads of LibTorch.
    pub threads: i32,
    /// Model of the CPU.
    pub cpu: String,
    /// Processes that train together.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub ranks: usize,
    /// Numbers of threads that the run had before, if it was resumed with others: its results then agree with those of
    /// an uninterrupted run to rounding, and not to the byte.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_threads: Vec<EarlierThreads>,
}

/// Threads that a run had before it was resumed with others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlierThreads {
    /// Threads of LibTorch.
    pub threads: i32,
    /// Epochs that were recorded when the number changed.
    pub epochs: u64,
}

fn one() -> usize {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_one(ranks: &usize) -> bool {
    *ranks == 1
}

impl Environment {
    /// The environment of this process.
    pub fn of(place: impl Into<Place>) -> Self {
        let Place { device, group } = place.into();
        Self {
            version: env!("CARGO_PKG_VERSION").into(),
            commit: env!("PROMOTER_COMMIT").into(),
            libtorch: backend::VERSION.into(),
            device: match device {
                Device::Cuda(index) => format!("cuda:{index}"),
                other => format!("{other:?}").to_lowercase(),
            },
            threads: tch::get_num_threads(),
            cpu: cpu_model(),
            ranks: group.size(),
            earlier_threads: Vec::new(),
        }
    }

    /// What differs from `other` among the things that exact resume depends on, a text for people; none when nothing
    /// does. The commit may differ: the version says what the numbers mean. So may the number of processes, and with it
    /// the threads of each: the results then agree to rounding, and not to the byte.
    pub fn difference(&self, other: &Self) -> Option<String> {
        let fields = [
            ("version", &self.version, &other.version),
            ("LibTorch", &self.libtorch, &other.libtorch),
            ("device", &self.device, &other.device),
            ("threads", &self.threads.to_string(), &other.threads.to_string()),
            ("CPU", &self.cpu, &other.cpu),
        ];
        let differences: Vec<String> = fields
            .iter()
            .filter(|(what, before, now)| before != now && (*what != "threads" || self.ranks == other.ranks))
            .map(|(what, before, now)| format!("{what} was {before}, is {now}"))
            .collect();
        (!differences.is_empty()).then(|| differences.join("; "))
    }
}

fn cpu_model() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    // Where the system does not say, the kind of processor must do.
    model.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_told_and_the_commit_is_none() {
        let here = Environment::of(Device::Cpu);
        assert_eq!(here.difference(&Environment { commit: "other".into(), ..here.clone() }), None);
        let other = Environment { threads: here.threads + 1, ..here.clone() };
        let text = here.difference(&other).unwrap();
        assert_eq!(text, format!("threads was {}, is {}", here.threads, here.threads + 1));
        // As many processes as before, or not.
        assert_eq!(here.difference(&Environment { ranks: 2, ..other }), None);
    }
}
