//! Attributions of a small network against those of tangermeme's `deep_lift_shap`.

use promoter_zoo::layers::secant;
use promoter_zoo::{Architecture, Mode, Network, auth_cnn};
use tch::{Kind, Tensor};

use crate::support::{assert_close, filled, fixture, one_hot, params, set, tensor};

/// Recipe: in the fixture. Convolution, max pooling, ReLU and dense layers in PyTorch, four references per sequence,
/// which share its first 12 bases.
#[test]
fn attributions_are_those_of_deep_lift_shap() {
    let reference = fixture("tangermeme_deep_lift_shap.json");
    let mut params = params();
    let config = auth_cnn::Config {
        length: 42,
        filters: 12,
        width: 7,
        pool: 3,
        dense_units: 16,
        ..auth_cnn::Config::submitted()
    };
    let network = config.build(&mut params).unwrap();
    for spec in reference["params"].as_array().unwrap() {
        set(&params, spec["name"].as_str().unwrap(), &filled(spec));
    }
    let sequences = one_hot(&reference["sequences"], 0, 42);
    let mut found: Vec<[Tensor; 2]> = Vec::new();
    for (row, others) in reference["references"].as_array().unwrap().iter().enumerate() {
        let x0 = one_hot(others, 0, 42);
        let x1 = sequences.get(row as i64).expand_as(&x0);
        let x = Tensor::cat(&[&x1, &x0], 0).set_requires_grad(true);
        let y = secant::paired(|| network.forward(&x, Mode::Evaluate)).unwrap();
        y.narrow(0, 0, 4).sum(Kind::Float).backward();
        let multipliers = x.grad().narrow(0, 0, 4);
        // What each base would contribute if it were there, with these multipliers.
        let replaced = (&multipliers * &x0).sum_dim_intlist(2, true, Kind::Float);
        let hypothetical = (multipliers - replaced).mean_dim(0, false, Kind::Float);
        found.push([&hypothetical * sequences.get(row as i64), hypothetical]);
    }
    let stack = |i: usize| Tensor::stack(&found.iter().map(|both| &both[i]).collect::<Vec<_>>(), 0);
    assert_close("attributions", &stack(0), &tensor(&reference["attributions"]), 1e-4);
    assert_close("hypothetical", &stack(1), &tensor(&reference["hypothetical"]), 1e-4);
    let largest = tensor(&reference["attributions"]).abs().max().double_value(&[]);
    assert!(largest > 0.05, "{largest}");
}
