//! A program that is started directly, with an empty environment, beside busy ones: seconds of a training step, as
//! `launch::wait_passively` lets threads wait, and as `OMP_WAIT_POLICY` says.
//!
//! The three take turns.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)] // a benchmark may panic, and prints

use std::env;
use std::hint;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use promoter_libtorch::launch;
use promoter_train::precision::Precision;
use promoter_train::probe::Probe;
use promoter_zoo::registry::NetworkConfig;
use tch::Device;

/// What the program is told that this one starts.
const STEPS: &str = "steps";

/// Rounds in which the ways to wait take turns.
const ROUNDS: usize = 5;

fn main() {
    let cores = thread::available_parallelism().unwrap().get();
    if env::args().any(|argument| argument == STEPS) {
        launch::wait_passively();
        return println!("{}", median_step(cores as i32));
    }
    println!("beside      as started  passive   active   s per step of legnet, median of {ROUNDS} rounds");
    for busy in [0, cores] {
        let seconds = beside(busy, || [None, Some("passive"), Some("active")].map(start));
        println!("{busy:>2} busy {:>13.3} {:>8.3} {:>8.3}", seconds[0], seconds[1], seconds[2]);
    }
}

/// Median seconds of each column of the rounds, beside threads that never wait.
fn beside(busy: usize, round: impl Fn() -> [f64; 3]) -> [f64; 3] {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..busy {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    hint::spin_loop();
                }
            });
        }
        let rounds: Vec<[f64; 3]> = (0..ROUNDS).map(|_| round()).collect();
        is_over.store(true, Ordering::Relaxed);
        [0, 1, 2].map(|column| median(rounds.iter().map(|round| round[column]).collect()))
    })
}

/// Starts this program again with nothing in its environment but the policy.
fn start(policy: Option<&str>) -> f64 {
    let mut command = Command::new(env::current_exe().unwrap());
    command.env_clear().envs(policy.map(|policy| ("OMP_WAIT_POLICY", policy))).arg(STEPS);
    String::from_utf8(command.output().unwrap().stdout).unwrap().trim().parse().unwrap()
}

fn median_step(threads: i32) -> f64 {
    tch::set_num_threads(threads);
    let network = NetworkConfig::by_name("legnet").unwrap();
    let mut probe = Probe::new(&network, 64, Precision::F32, Device::Cpu).unwrap();
    probe.step().unwrap();
    let seconds = (0..5).map(|_| {
        let started = Instant::now();
        probe.step().unwrap();
        started.elapsed().as_secs_f64()
    });
    median(seconds.collect())
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
