//! Training steps on demand, so that `benches/peers/train.py` lets them take turns with PyTorch.
//!
//! `NETWORK BATCH f32|bf16` makes one training step for each line that it reads and answers with the seconds.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)] // a benchmark may panic, and prints

use std::time::Instant;

use promoter_torch::memory;
use tch::{Device, Kind};

use self::training::Training;

mod training;

fn main() {
    memory::keep_freed();
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [name, batch, kind @ ("f32" | "bf16")] = arguments[..] else {
        println!("NETWORK BATCH f32|bf16: `benches/peers/train.py` starts this program");
        return;
    };
    let kind = (kind == "bf16").then_some(Kind::BFloat16);
    let mut training = Training::new(name, batch.parse().unwrap(), kind, Device::Cpu);
    for line in std::io::stdin().lines() {
        line.unwrap();
        let started = Instant::now();
        training.step();
        println!("{}", started.elapsed().as_secs_f64());
    }
}
