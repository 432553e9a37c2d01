//! Training steps on demand, so that `benches/peers/train.py` lets them take turns with PyTorch.
//!
//! `NETWORK BATCH f32|bf16` makes one training step for each line that it reads and answers with the seconds.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)] // a benchmark may panic, and prints

use std::time::Instant;

use promoter_torch::memory;
use promoter_train::precision::Precision;
use promoter_train::probe::Probe;
use promoter_zoo::registry::NetworkConfig;
use tch::Device;

fn main() {
    memory::keep_freed();
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [name, batch, kind @ ("f32" | "bf16")] = arguments[..] else {
        println!("NETWORK BATCH f32|bf16: `benches/peers/train.py` starts this program");
        return;
    };
    let precision = if kind == "bf16" { Precision::Bf16 } else { Precision::F32 };
    let network = NetworkConfig::by_name(name).unwrap();
    let mut probe = Probe::new(&network, batch.parse().unwrap(), precision, Device::Cpu).unwrap();
    for line in std::io::stdin().lines() {
        line.unwrap();
        let started = Instant::now();
        probe.step().unwrap();
        println!("{}", started.elapsed().as_secs_f64());
    }
}
