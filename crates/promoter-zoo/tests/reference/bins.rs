//! Networks with a logit per sorting bin: LegNet and the Prix Fixe networks.

use promoter_torch::Params;
use promoter_zoo::{Architecture, Error, Mode, Network, dream_attn, dream_cnn, dream_rnn, legnet};
use serde_json::Value;
use tch::{Kind, Tensor};

use crate::support::{assert_close, fill, fixture, params, tensor};

/// Each sequence and its reverse complement: one-hot A, G, C, T, then strand, then singleton. (2 B, 150, 6).
fn strands(reference: &Value) -> Tensor {
    let sequences: Vec<String> = serde_json::from_value(reference["padded_150"].clone()).unwrap();
    let mut values: Vec<f32> = Vec::new();
    for sequence in &sequences {
        let complement = |base: u8| b"TGCA"[b"ACGT".iter().position(|&b| b == base).unwrap()];
        let reverse: Vec<u8> = sequence.bytes().rev().map(complement).collect();
        for (strand, letters) in [(0.0, sequence.as_bytes()), (1.0, &reverse)] {
            for &letter in letters {
                values.extend(b"AGCT".map(|base| f32::from(u8::from(base == letter))));
                values.extend([strand, 0.0]);
            }
        }
    }
    Tensor::from_slice(&values).reshape([2 * sequences.len() as i64, 150, 6])
}

/// Recipe: the modules of the Prix Fixe repository and of the submission in torch 2.11 on a CPU, tensorly-torch 0.5.0;
/// weights from the counter-based generator.
fn check<N: Network>(name: &str, build: impl Fn(&mut Params) -> Result<N, Error>) {
    let reference = fixture("anchors_legnet_prixfixe.json");
    let model = &reference["models"][name];
    let mut params = params();
    let network = build(&mut params).unwrap();
    assert_eq!(params.parameter_count() as u64, model["trainable_params"].as_u64().unwrap(), "{name}");
    fill(&params, &model["params"]);
    let logits = network.forward(&strands(&reference), Mode::Evaluate).unwrap();
    assert_close(name, &logits.slice(0, 0, 2, 1), &tensor(&model["logits18_first_two_rows"]), 1e-5);
    let expression = network.expression(&logits).unwrap();
    assert_close(name, &expression, &tensor(&model["output_fwd_rev_interleaved"]), 1e-5);
    let mean = expression.reshape([-1, 2]).mean_dim(1, false, None::<Kind>);
    assert_close(name, &mean, &tensor(&model["tta_mean"]), 1e-5);
}

#[test]
fn legnet_as_submitted() {
    check("LegNet_submission_complexSE", |params| legnet::Config::submitted().build(params));
}

#[test]
fn legnet_with_the_simple_squeeze_excite() {
    check("LegNet_simpleSE_prixfixe_0_0_0", |params| legnet::Config::simple_squeeze_excite().build(params));
}

#[test]
fn dream_cnn() {
    check("DREAM-CNN", |params| dream_cnn::Config::published().build(params));
}

#[test]
fn dream_rnn() {
    check("DREAM-RNN", |params| dream_rnn::Config::published().build(params));
}

#[test]
fn dream_attn() {
    check("DREAM-Attn", |params| dream_attn::Config::published().build(params));
}

#[test]
fn optimised_legnet_has_the_published_number_of_parameters() {
    let mut params = params();
    legnet::Config::optimised().build(&mut params).unwrap();
    assert_eq!(params.parameter_count(), 2_129_602);
}

/// The low-rank weight of the bilinear squeeze-excite starts with the deviation that its factors are scaled for.
#[test]
fn bilinear_weights_start_small() {
    let mut params = params();
    legnet::Config::submitted().build(&mut params).unwrap();
    let factor = |i: i64| {
        let name = format!("net.seqextractor.inv_res_blc0.6.fc.3.mod.trl.weight.factors.factor_{i}");
        params.get(&name).unwrap().shallow_clone()
    };
    let weight = Tensor::einsum("ar,br,or->abo", &[factor(0), factor(1), factor(2)], None::<&[i64]>);
    let sd = weight.std(false).double_value(&[]);
    assert!((sd / 0.00075 - 1.0).abs() < 0.1, "{sd}");
}

#[test]
fn expression_is_the_mean_bin() {
    let network = dream_cnn::Config::published().build(&mut params()).unwrap();
    let mut logits = [-100.0f32; 36];
    (logits[3], logits[18 + 16], logits[18 + 17]) = (100.0, 0.0, 0.0);
    let found = network.expression(&Tensor::from_slice(&logits).reshape([2, 18])).unwrap();
    assert_close("mean bin", &found, &Tensor::from_slice(&[3.0f32, 16.5]), 1e-5);
}

#[test]
fn impossible_sizes_are_refused() {
    let legnet = |config: legnet::Config| config.build(&mut params()).unwrap_err().to_string();
    let submitted = legnet::Config::submitted;
    assert_eq!(
        legnet(legnet::Config { stages: vec![], ..submitted() }),
        "`stages` is 0, expected one number or more, at least 8 each"
    );
    assert_eq!(
        legnet(legnet::Config { stages: vec![64, 30], ..submitted() }),
        "`stages` is 30, expected multiples of 4"
    );
    assert_eq!(legnet(legnet::Config { group: 3, ..submitted() }), "`group` is 3, expected 1, 2 or 4");
    assert!(legnet(legnet::Config { length: 0, ..submitted() }).starts_with("`length` is 0"));
    assert!(legnet(legnet::Config { input_channels: 0, ..submitted() }).starts_with("`input_channels` is 0"));

    let cnn = dream_cnn::Config { dropout: 1.0, ..dream_cnn::Config::published() };
    let error = cnn.build(&mut params()).unwrap_err().to_string();
    assert_eq!(error, "`dropout` is 1, expected at least 0 and below 1");
    let rnn = dream_rnn::Config { length: 0, ..dream_rnn::Config::published() };
    assert_eq!(rnn.build(&mut params()).unwrap_err().to_string(), "`length` is 0, expected at least 1");
    let attn = dream_attn::Config { heads: 3, ..dream_attn::Config::published() };
    assert_eq!(attn.build(&mut params()).unwrap_err().to_string(), "`heads` is 3, expected a divisor of 256");
    let attn = dream_attn::Config { blocks: -1, ..dream_attn::Config::published() };
    assert_eq!(attn.build(&mut params()).unwrap_err().to_string(), "`blocks` is -1, expected 0 or more");
    let network = submitted().build(&mut params()).unwrap();
    let wrong = network.forward(&Tensor::zeros([1, 110, 4], tch::kind::FLOAT_CPU), Mode::Evaluate).unwrap_err();
    assert_eq!(wrong.to_string(), "input: expected (batch, 150, 6) floating point, found [1, 110, 4] Float");
}
