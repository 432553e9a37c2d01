//! One run against another, and how certain the difference is.

use promoter_metrics::seeds::Interval;

use crate::Scale;
use crate::catalogue::reproduction::{Claim, Compare};
use crate::outcome::{Compared, RunOutcome, Verdict};
use crate::value::Name;

/// Validation r that two networks must reach before they are told apart on few rows: below it a network is at the start
/// of its training, where the one that starts faster is ahead, not the one that ends better.
const LEARNT: f64 = 0.5;

/// Compares two runs over the seeds that both have. `needs` says why the claim cannot be judged below full scale, where
/// it cannot.
pub(crate) fn compare(asked: &Compare, runs: &[RunOutcome], scale: Scale, needs: Option<&str>) -> Compared {
    let pairs = pairs(asked, runs);
    let compared = |means, interval, method: String, verdict| Compared {
        run: asked.run.clone(),
        with: asked.with.clone(),
        by: asked.by,
        claim: asked.claim,
        means,
        interval,
        method,
        verdict: if asked.claim == Claim::None { Verdict::NoClaim } else { verdict },
    };
    if let Some(name) = broken(&pairs) {
        return compared(None, None, format!("{name} broke down"), of_broken(asked, name));
    }
    let values: Vec<(f64, f64)> = pairs.iter().filter_map(|(a, b)| value(asked, a, b)).collect();
    if values.is_empty() || values.len() < pairs.len() {
        return compared(None, None, "a run has no value".into(), Verdict::NeedsFullData);
    }
    let mean = |of: fn(&(f64, f64)) -> f64| values.iter().map(of).sum::<f64>() / values.len() as f64;
    let means = Some((mean(|pair| pair.0), mean(|pair| pair.1)));
    let differences: Vec<f64> = values.iter().map(|(run, with)| run - with).collect();
    let interval = interval(&differences);
    let mut method = match interval {
        Some(_) => format!("{} seeds, t interval", values.len()),
        None => format!("{} of the three seeds that a judgement needs", values.len()),
    };
    let reached = pairs.iter().flat_map(|(a, b)| [a, b]).filter_map(|one| one.values.get(&Name::ValidationPearson));
    let is_early = scale != Scale::Full && too_early(&reached.copied().collect::<Vec<_>>());
    if is_early {
        method += &format!("; too early to tell, below r {LEARNT}");
    }
    if let Some(reason) = needs.filter(|_| scale != Scale::Full) {
        method += &format!("; {reason}");
    }
    let is_open = is_early || scale == Scale::Smoke || (needs.is_some() && scale != Scale::Full);
    let verdict = match interval.filter(|_| !is_open) {
        None => Verdict::NeedsFullData,
        Some((low, high)) => {
            let (low, high) = if asked.by.higher_is_better() { (low, high) } else { (-high, -low) };
            judge(asked.claim, low, high, asked.margin)
        }
    };
    compared(means, interval, method, verdict)
}

/// The 95 % interval of the mean of three or more values; none for fewer.
fn interval(values: &[f64]) -> Option<(f64, f64)> {
    let interval = Interval::of(values).ok().filter(|interval| interval.n >= 3)?;
    Some(interval.bounds())
}

/// The runs of each seed that both have.
fn pairs<'a>(asked: &Compare, runs: &'a [RunOutcome]) -> Vec<(&'a RunOutcome, &'a RunOutcome)> {
    let first = runs.iter().filter(|run| run.name == asked.run);
    let of_seed = |seed| runs.iter().find(|run| run.name == asked.with && run.seed == seed);
    first.filter_map(|run| Some((run, of_seed(run.seed)?))).collect()
}

/// The values that are compared; simulated promoters have no public rows.
fn value(asked: &Compare, run: &RunOutcome, with: &RunOutcome) -> Option<(f64, f64)> {
    let has = |one: &RunOutcome| one.values.contains_key(&asked.by);
    let by = if asked.by.is_public() && !has(run) && !has(with) { Name::ValidationPearson } else { asked.by };
    match asked.after {
        None => Some((*run.values.get(&by)?, *with.values.get(&by)?)),
        // Both from the curve, so that both are of an epoch and in label units.
        Some(share) => Some((run.after(1.0, by)?, with.after(share, by)?)),
    }
}

fn broken<'a>(pairs: &[(&'a RunOutcome, &'a RunOutcome)]) -> Option<&'a str> {
    let mut all = pairs.iter().flat_map(|(a, b)| [*a, *b]);
    all.find(|one| one.failure.is_some()).map(|one| one.name.as_str())
}

/// A run that broke down is worse than one that did not.
fn of_broken(asked: &Compare, name: &str) -> Verdict {
    match (asked.claim, name == asked.run) {
        (Claim::None, _) => Verdict::NoClaim,
        (Claim::Better, true) | (Claim::NoGain, false) | (Claim::NoDifference, _) => Verdict::DidNotHold,
        (Claim::Better, false) | (Claim::NoGain, true) => Verdict::Held,
    }
}

/// Whether one of the networks has not learnt enough, by its r on the validation rows.
fn too_early(reached: &[f64]) -> bool {
    reached.iter().any(|&r| r < LEARNT)
}

/// What an interval of the gain says about a claim: of no difference, that all of it is within the margin on either
/// side; of no gain, that none of it is above the margin.
fn judge(claim: Claim, low: f64, high: f64, margin: f64) -> Verdict {
    let is_equal = -margin <= low && high <= margin;
    match claim {
        Claim::None => Verdict::NoClaim,
        Claim::Better if is_equal => Verdict::NoDifference,
        Claim::Better if low > 0.0 => Verdict::Held,
        Claim::Better if high < 0.0 => Verdict::DidNotHold,
        Claim::NoGain if high <= margin => Verdict::Held,
        Claim::NoGain if low > margin => Verdict::DidNotHold,
        Claim::NoDifference if is_equal => Verdict::Held,
        Claim::NoDifference if low > margin || high < -margin => Verdict::DidNotHold,
        Claim::Better | Claim::NoGain | Claim::NoDifference => Verdict::NeedsFullData,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use promoter_train::Environment;
    use promoter_train::precision::Precision;
    use tch::Device;

    use super::*;

    fn run(name: &str, seed: u64, values: &[(Name, f64)]) -> RunOutcome {
        RunOutcome {
            name: name.into(),
            seed,
            key: String::new(),
            environment: Environment::of(Device::Cpu),
            data: String::new(),
            train_rows: 100,
            validation_rows: 10,
            batch: 10,
            precision: Precision::F32,
            steps: 10,
            passes: 8.0,
            seconds: 1.0,
            chosen: String::new(),
            failure: None,
            values: values.iter().copied().collect(),
            intervals: BTreeMap::new(),
            curve: Vec::new(),
            on_the_way: Vec::new(),
        }
    }

    fn asked(claim: Claim) -> Compare {
        let (run, with) = ("a".into(), "b".into());
        Compare { run, with, by: Name::ValidationPearson, claim, margin: 0.01, after: None }
    }

    fn runs(name: &str, r: &[f64]) -> Vec<RunOutcome> {
        r.iter().zip(1..).map(|(&r, seed)| run(name, seed, &[(Name::ValidationPearson, r)])).collect()
    }

    #[test]
    fn verdicts_follow_the_interval() {
        use Verdict::{DidNotHold, Held, NeedsFullData, NoClaim, NoDifference};
        for (claim, low, high, verdict) in [
            (Claim::Better, 0.01, 0.02, Held),
            (Claim::Better, -0.02, -0.01, DidNotHold),
            (Claim::Better, -0.01, 0.02, NeedsFullData),
            (Claim::Better, -0.005, 0.005, NoDifference),
            (Claim::NoGain, -0.2, 0.005, Held),
            (Claim::NoGain, 0.02, 0.05, DidNotHold),
            (Claim::NoGain, 0.005, 0.05, NeedsFullData),
            (Claim::NoDifference, -0.005, 0.005, Held),
            (Claim::NoDifference, -0.3, -0.1, DidNotHold),
            (Claim::NoDifference, 0.02, 0.05, DidNotHold),
            (Claim::NoDifference, -0.03, 0.005, NeedsFullData),
            (Claim::None, 0.02, 0.05, NoClaim),
        ] {
            assert_eq!(judge(claim, low, high, 0.01), verdict, "{claim:?} {low} {high}");
        }
    }

    #[test]
    fn one_seed_decides_nothing() {
        let all = [runs("a", &[0.9]), runs("b", &[0.6])].concat();
        let compared = compare(&asked(Claim::Better), &all, Scale::Small, None);
        assert_eq!((compared.verdict, compared.interval), (Verdict::NeedsFullData, None));
        assert!(compared.method.contains("1 of the three seeds"), "{}", compared.method);
    }

    #[test]
    fn networks_that_have_learnt_little_are_not_told_apart_and_are_flagged_without_a_claim_too() {
        let all = [runs("a", &[0.31, 0.32, 0.33]), runs("b", &[0.2, 0.21, 0.22])].concat();
        for claim in [Claim::Better, Claim::NoGain, Claim::NoDifference, Claim::None] {
            let compared = compare(&asked(claim), &all, Scale::Small, None);
            assert!(compared.method.contains("too early to tell"), "{claim:?}: {}", compared.method);
            let open = if claim == Claim::None { Verdict::NoClaim } else { Verdict::NeedsFullData };
            assert_eq!(compared.verdict, open, "{claim:?}");
        }
        assert!(!too_early(&[0.51, 0.54]));
    }

    /// Anti-correlated predictions have a high official score, which squares r.
    #[test]
    fn an_anti_correlated_network_decides_nothing() {
        let score = |name, r: f64| {
            let values = [(Name::ValidationPearson, r), (Name::PublicPearsonScore, r * r)];
            (1..=3).map(|seed| run(name, seed, &values)).collect::<Vec<_>>()
        };
        let by = Compare { by: Name::PublicPearsonScore, ..asked(Claim::Better) };
        let compared = compare(&by, &[score("a", 0.84), score("b", -0.516)].concat(), Scale::Small, None);
        assert_eq!(compared.verdict, Verdict::NeedsFullData);
    }

    #[test]
    fn means_and_difference_are_of_the_seeds_that_both_have() {
        let all = [runs("a", &[0.8, 0.9, 0.7, 0.6]), runs("b", &[0.7, 0.8, 0.6])].concat();
        let compared = compare(&asked(Claim::Better), &all, Scale::Small, None);
        let (run, with) = compared.means.unwrap();
        assert!((run - 0.8).abs() < 1e-12 && (with - 0.7).abs() < 1e-12);
        assert!((compared.difference().unwrap() - (run - with)).abs() < 1e-12);
        assert!((compared.interval.unwrap().0 - 0.1).abs() < 1e-9);
    }

    #[test]
    fn what_needs_all_rows_is_not_judged_on_few() {
        let all = [runs("a", &[0.8, 0.81, 0.79]), runs("b", &[0.7, 0.71, 0.69])].concat();
        assert_eq!(compare(&asked(Claim::Better), &all, Scale::Small, None).verdict, Verdict::Held);
        let compared = compare(&asked(Claim::Better), &all, Scale::Small, Some("80 passes"));
        assert_eq!(compared.verdict, Verdict::NeedsFullData);
        assert!(compared.method.ends_with("; 80 passes"), "{}", compared.method);
        assert_eq!(compare(&asked(Claim::Better), &all, Scale::Full, Some("80 passes")).verdict, Verdict::Held);
    }

    /// `scipy.stats.t.interval(0.95, n - 1, mean, sem)`.
    #[test]
    fn it_is_scipys_for_three_and_for_twelve_values() {
        let (low, high) = interval(&[0.01, 0.02, 0.03]).unwrap();
        assert!((low + 0.004_841).abs() < 1e-6 && (high - 0.044_841).abs() < 1e-6, "{low} {high}");
        // 97.5 % quantile of 11 degrees of freedom: 2.200985.
        let twelve: Vec<f64> = (0..12).map(f64::from).collect();
        let (low, high) = interval(&twelve).unwrap();
        let half = 2.200_985 * (13.0f64 / 12.0).sqrt();
        assert!((low - (5.5 - half)).abs() < 1e-5 && (high - (5.5 + half)).abs() < 1e-5, "{low} {high}");
    }

    #[test]
    fn two_values_have_none() {
        assert_eq!(interval(&[0.1, 0.2]), None);
    }
}
