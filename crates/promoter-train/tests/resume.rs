//! Exact resume. A program of its own: LibTorch has one random generator for a whole process, and tests beside each
//! other would draw from it in turns.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use promoter_label::Noise;
use promoter_train::average::Average;
use promoter_train::batch::{ReverseComplement, Shifts};
use promoter_train::optimiser::OptimiserConfig;
use promoter_train::precision::Precision;
use promoter_train::schedule::{Plateau, Schedule};
use promoter_train::sharpness::Sharpness;
use promoter_train::{Prepared, Progress, Session};
use promoter_zoo::registry::NetworkConfig;
use tch::Device;

#[path = "small/experiment.rs"]
mod experiment;
use experiment::{small, start};

/// Ten steps in one go, and the same with a stop and a resume after every third: equal bytes for every optimiser, with
/// everything random on.
#[test]
fn every_optimiser_resumes_to_the_same_bytes() {
    let betas = [0.9, 0.99];
    for (i, optimiser) in [
        OptimiserConfig::Sgd { lr: 0.01, momentum: 0.9 },
        OptimiserConfig::Adam { lr: 1e-3, betas, eps: 1e-8 },
        OptimiserConfig::KerasAdam { lr: 1e-3, betas, eps: 1e-7 },
        OptimiserConfig::AdamW { lr: 1e-3, betas, eps: 1e-8, weight_decay: 0.05 },
        OptimiserConfig::RmsProp { lr: 1e-4, rho: 0.9, eps: 1e-7 },
        OptimiserConfig::Lion { lr: 1e-4, betas, weight_decay: 0.1 },
    ]
    .into_iter()
    .enumerate()
    {
        let folder = tempfile::tempdir().unwrap();
        let (whole, stopped) = (folder.path().join("whole"), folder.path().join("stopped"));
        let mut experiment = small();
        let NetworkConfig::Peppa(network) = &mut experiment.network else { unreachable!() };
        network.dropout = 0.3;
        experiment.optimiser = optimiser;
        experiment.schedule = match i {
            1 => Schedule::Plateau(Plateau { patience: 1, min_delta: 1.0, ..Plateau::default() }),
            3 => Schedule::OneCycle { rise: 0.3, momentum: Some([0.85, 0.95]) },
            _ => Schedule::OneCycle { rise: 0.3, momentum: None },
        };
        experiment.label.noise = Some(Noise { sd: 0.1, clip: Some([0.0, 17.0]) });
        experiment.augment.shifts = Shifts::Random;
        experiment.augment.reverse_complement = ReverseComplement::Random;
        experiment.augment.mutate = 0.02;
        experiment.evaluation.strands = true;
        // Half of the runs have their rows on the host.
        experiment.memory.resident_gb = (i % 2 == 1).then_some(0.0);
        experiment.sharpness = (i % 2 == 0).then_some(Sharpness { rho: 0.05, alpha: 0.05 });
        experiment.training.batch_size = 108;
        experiment.training.checkpoint_steps = Some(1);
        experiment.training.accumulate = 2;
        experiment.training.clip_norm = Some(1.0);
        experiment.training.average = Some(Average { decay: 0.9 });
        experiment.training.steps = Some(8);
        // Both halves beside GSAM too, which is on for even numbers.
        experiment.training.precision = match i {
            0 | 5 => Precision::Bf16,
            2 => Precision::Fp16,
            _ => Precision::F32,
        };
        let prepared = Prepared::read(&experiment).unwrap();
        start(&experiment, &prepared, &whole).unwrap().train(&mut |_| {}).unwrap();

        // A panic in the middle of a step stops as a kill does: without a last word.
        let mut trainer = Some(start(&experiment, &prepared, &stopped).unwrap());
        while let Some(mut running) = trainer.take() {
            let mut steps = 0;
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                running.train(&mut |progress| {
                    if let Progress::Step { .. } = progress {
                        steps += 1;
                        assert!(steps < 4, "stopped on purpose");
                    }
                })
            }));
            drop(running);
            if done.is_err() {
                trainer = Some(Session::resume_on(prepared.clone(), &stopped, Device::Cpu).unwrap());
            }
        }
        for file in ["checkpoints/last.safetensors", "checkpoints/best.safetensors", "predictions.tsv"] {
            let same = std::fs::read(whole.join(file)).unwrap() == std::fs::read(stopped.join(file)).unwrap();
            assert!(same, "{optimiser:?}: {file}");
        }
    }
}
