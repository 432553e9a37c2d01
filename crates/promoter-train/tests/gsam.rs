//! One whole GSAM step of NAD's network, against the team's optimiser in PyTorch.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../promoter-zoo/tests/reference/support.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod support;

use promoter_train::optimiser::OptimiserConfig;
use promoter_train::sharpness::Sharpness;
use promoter_zoo::{Architecture, Mode, Network, nad};
use support::{assert_close, fill, filled, fixture, params, tensor};
use tch::{Kind, Reduction, Tensor};

/// Recipe: the team's network and SAM class in torch 2.11 on a CPU, one step of GSAM with AdamW; weights from the
/// counter-based generator.
#[test]
fn one_step_of_nads_network_leaves_the_reference_weights() {
    let reference = fixture("nad_full_model_gsam_step.json");
    let mut params = params();
    let network = nad::Config::submitted().build(&mut params).unwrap();
    fill(&params, &reference["params"]);
    let config = OptimiserConfig::AdamW { lr: 2e-4, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.05 };
    let mut optimiser = config.build(&params).unwrap();

    let table = filled(&reference["embedding"]);
    let sequences: Vec<String> = serde_json::from_value(reference["sequences_110"].clone()).unwrap();
    let code = |letter: &u8| b"ACGT".iter().position(|base| base == letter).unwrap() as i64;
    let kmers = |s: &String| -> Vec<i64> {
        s.as_bytes()[15..99].windows(5).map(|w| w.iter().fold(0, |n, b| 4 * n + code(b))).collect()
    };
    let tokens: Vec<i64> = sequences.iter().flat_map(kmers).collect();
    let x = table.index_select(0, &Tensor::from_slice(&tokens)).view([sequences.len() as i64, 80, 128]);
    let labels = tensor(&reference["labels01"]).to_kind(Kind::Float).unsqueeze(1) * 100.0;
    // The team's loss is on a scale of 100.
    let loss = |mode| {
        let output = network.forward(&x, mode).unwrap() * 100.0;
        output.smooth_l1_loss(&labels.expand_as(&output), Reduction::Mean, 10.0)
    };

    let first = optimiser.gradients(&loss(Mode::Train)).unwrap();
    let used = Sharpness { rho: 0.1, alpha: 0.05 }
        .gradients(optimiser.weights(), first, || {
            let loss = loss(Mode::TrainKeepAverages);
            let expected = reference["loss_pass2_perturbed"].as_f64().unwrap();
            assert!((loss.double_value(&[]) / expected - 1.0).abs() < 1e-4, "{loss}");
            optimiser.gradients(&loss)
        })
        .unwrap();
    let norm = promoter_torch::group::norm(&used).unwrap().double_value(&[]);
    assert!((norm / reference["surrogate_grad_norm"].as_f64().unwrap() - 1.0).abs() < 1e-4, "{norm}");
    optimiser.step(&used, 1, 1.0, None).unwrap();
    for (name, expected) in reference["params_after_first6"].as_object().unwrap() {
        let found = params.get(name).unwrap().flatten(0, -1);
        let found = found.slice(0, 0, 6.min(found.numel() as i64), 1);
        assert_close(name, &found, &tensor(expected), 1e-6);
    }
    // The second pass does not move the running averages.
    let mean = params.get("c1.1.running_mean").unwrap().slice(0, 0, 6, 1);
    assert_close("running mean", &mean, &tensor(&reference["c1_bn_running_mean_after_first6"]), 1e-5);
}
