//! The masked-k-mer encoder: tokens, masks, heads.

use promoter_zoo::bert::{Bert, Config, Objective};
use promoter_zoo::{Architecture, Mode, Network};
use tch::{Kind, Tensor};

use crate::support::{one_hot, params};

fn small() -> Config {
    Config { length: 8, k: 3, channels: 16, blocks: 2, heads: 2, dropout: 0.0, objective: Objective::MaskedKmers }
}

fn network() -> Bert {
    small().build(&mut params()).unwrap()
}

#[test]
fn tokens_are_numbered_kmers_and_one_for_the_unknown() {
    let network = network();
    let x = one_hot(&serde_json::json!(["ACGTTTTA", "AAAANAAA"]), 0, 8);
    let tokens = |x: &Tensor| -> Vec<Vec<i64>> { Vec::try_from(network.tokens(x).unwrap()).unwrap() };
    let number = |kmer: &str| kmer.bytes().fold(0, |n, b| 4 * n + "ACGT".find(b as char).unwrap() as i64);
    let expected: Vec<i64> = ["ACG", "CGT", "GTT", "TTT", "TTT", "TTA"].map(number).to_vec();
    assert_eq!(tokens(&x), [expected, vec![0, 0, 64, 64, 64, 0]]);
    // A quarter of each letter is unknown too.
    let _ = x.get(1).get(4).fill_(0.25);
    assert_eq!(tokens(&x)[1], [0, 0, 64, 64, 64, 0]);
}

/// Whole runs that do not overlap, as many as the share says on average, and every token masked now and then.
#[test]
fn masks_are_runs_of_k() {
    let rows = 4000;
    let network = Config { length: 42, ..small() }.build(&mut params()).unwrap();
    tch::manual_seed(1);
    let draws = Tensor::rand([rows, network.draws()], tch::kind::FLOAT_CPU);
    for (share, most) in [(0.15, 2), (0.3, 4), (0.001, 1), (0.99, 13)] {
        let (places, there) = network.runs(&draws, share).unwrap();
        assert_eq!((places.size(), there.size()), (vec![rows, 3 * most], vec![rows, 3 * most]));
        let (places, there) = (Vec::<Vec<i64>>::try_from(places).unwrap(), Vec::<Vec<bool>>::try_from(there).unwrap());
        let mut counts = [0; 40];
        for (places, there) in places.iter().zip(&there) {
            assert!(places.windows(2).all(|pair| pair[0] < pair[1]) && places[places.len() - 1] < 40, "{places:?}");
            for (run, there) in places.chunks(3).zip(there.chunks(3)) {
                assert!(run[2] == run[0] + 2 && there.iter().all(|one| *one == there[0]), "{run:?} {there:?}");
                run.iter().filter(|_| there[0]).for_each(|&token| counts[token as usize] += 1);
            }
        }
        let masked = f64::from(counts.iter().sum::<i32>()) / (40 * rows) as f64;
        let expected = share.clamp(3.0 / 40.0, 39.0 / 40.0);
        assert!((masked - expected).abs() < 0.005, "{share}: {masked}");
        assert!(counts.iter().all(|&count| count > 0), "{share}: {counts:?}");
    }
}

/// What is returned for the chosen places is what the network gives for the whole sequence, and what it masked is
/// counted.
#[test]
fn masked_tokens_have_their_logits_and_kmers() {
    let network = Config { k: 2, ..small() }.build(&mut params()).unwrap();
    let x = one_hot(&serde_json::json!(["ACGTAGCA", "TTNACCGA"]), 0, 8);
    tch::manual_seed(2);
    let draws = Tensor::rand([2, network.draws()], tch::kind::FLOAT_CPU);
    let (places, there) = network.runs(&draws, 0.4).unwrap();
    let (logits, kmers) = network.masked(&x, &draws, 0.4, Mode::Evaluate).unwrap();
    let mask = Tensor::zeros([2, 7], (Kind::Bool, tch::Device::Cpu)).scatter(1, &places, &there);
    let all = network.masked_logits(&x, &mask, Mode::Evaluate).unwrap();
    let all = all.gather(1, &places.unsqueeze(2).expand([-1, -1, 16], false), false).flatten(0, 1);
    assert!(logits.allclose(&all, 1e-5, 1e-6, false));
    let tokens = network.tokens(&x).unwrap().gather(1, &places, false).flatten(0, 1);
    let (tokens, there) = (Vec::<i64>::try_from(tokens).unwrap(), Vec::<bool>::try_from(there.flatten(0, 1)).unwrap());
    let expected: Vec<i64> =
        tokens.iter().zip(there).map(|(&token, there)| if there && token < 16 { token } else { -100 }).collect();
    assert_eq!(Vec::<i64>::try_from(kmers).unwrap(), expected);
}

/// The logits of a masked run must not depend on the base that only the run covers.
#[test]
fn a_masked_base_cannot_be_read() {
    let network = network();
    let masked = Tensor::from_slice(&[0i64, 0, 1, 1, 1, 0]).reshape([1, 6]).to_kind(Kind::Bool);
    let logits = |sequence: &str| {
        let x = one_hot(&serde_json::json!([sequence]), 0, 8);
        network.masked_logits(&x, &masked, Mode::Evaluate).unwrap()
    };
    let first = logits("ACGTAGCA");
    assert_eq!(first.size(), [1, 6, 64]);
    assert_eq!(first, logits("ACGTCGCA"));
    assert_ne!(first, logits("ACGCAGCA"));
}

/// Every trained parameter has a part in what is learned, and pre-training lowers the loss of what was masked.
#[test]
fn each_objective_trains_its_own_head() {
    let x = one_hot(&serde_json::json!(["ACGTAGCA", "TTGACCGA"]), 0, 8);
    let masked = Tensor::from_slice(&[0i64, 1, 1, 1, 0, 0]).reshape([1, 6]).expand([2, 6], false).to_kind(Kind::Bool);
    for objective in [Objective::Expression, Objective::MaskedKmers] {
        let mut params = params();
        let network = Config { objective, ..small() }.build(&mut params).unwrap();
        let step = || {
            let loss = match objective {
                Objective::Expression => (network.forward(&x, Mode::Train).unwrap() - 3.0).square().mean(Kind::Float),
                Objective::MaskedKmers => {
                    let logits = network.masked_logits(&x, &masked, Mode::Train).unwrap();
                    let logits = logits.masked_select(&masked.unsqueeze(2)).reshape([-1, 64]);
                    logits.cross_entropy_for_logits(&network.tokens(&x).unwrap().masked_select(&masked))
                }
            };
            params.zero_grad();
            loss.backward();
            for entry in params.trainable() {
                assert!(entry.tensor.grad().defined(), "{objective:?}: `{}` is not trained", entry.name);
                let _ = tch::no_grad(|| entry.tensor.shallow_clone().g_sub_(&(entry.tensor.grad() * 0.05)));
            }
            loss.double_value(&[])
        };
        let first = step();
        let last = (0..40).fold(f64::NAN, |_, _| step());
        assert!(last < 0.7 * first, "{objective:?}: {first} to {last}");
    }
}

#[test]
fn small_has_the_documented_size_and_predicts_expression() {
    let mut params = params();
    let network = Config::small().build(&mut params).unwrap();
    assert_eq!(params.parameter_count(), 5_951_489);
    // The masked-k-mer head is frozen.
    assert_eq!(params.trainable_count(), 5_951_489 - (256 * 256 + 3 * 256 + 4096));
    assert_eq!(network.forward(&Tensor::zeros([2, 110, 4], tch::kind::FLOAT_CPU), Mode::Train).unwrap().size(), [2, 1]);
}

#[test]
fn impossible_sizes_are_refused() {
    let build = |config: Config| config.build(&mut params()).unwrap_err().to_string();
    assert_eq!(build(Config { k: 9, ..small() }), "`k` is 9, expected 1 to 8");
    assert_eq!(build(Config { length: 2, ..small() }), "`length` is 2, expected at least `k`");
    assert_eq!(build(Config { heads: 3, ..small() }), "`heads` is 3, expected a divisor of `channels`");
    assert_eq!(build(Config { blocks: -1, ..small() }), "`blocks` is -1, expected 0 or more");
    assert_eq!(build(Config { dropout: 1.5, ..small() }), "`dropout` is 1.5, expected at least 0 and below 1");
    assert_eq!(build(Config { channels: 0, ..small() }), "`channels` is 0, expected at least 1");
    let wrong = network().masked_logits(
        &Tensor::zeros([1, 9, 4], tch::kind::FLOAT_CPU),
        &Tensor::zeros([1, 6], (Kind::Bool, tch::Device::Cpu)),
        Mode::Evaluate,
    );
    assert!(wrong.unwrap_err().to_string().starts_with("input: expected (batch, 8, 4)"));
}
