//! One run against another, and how certain the difference is.

use std::path::Path;

use promoter_encode::random::Stream;
use promoter_metrics::Metric;
use tch::Device;

use crate::outcome::{Compared, RunOutcome, Verdict};
use crate::plan::Planned;
use crate::reproduction::{Claim, Compare};
use crate::score::Leaderboard;
use crate::{Error, Scale};

/// Rounds of the paired bootstrap.
const ROUNDS: u64 = 1000;

/// Validation r that two networks must reach before they are told apart on few rows: below it a network is at the start
/// of its training, where the one that starts faster is ahead, not the one that ends better.
const LEARNT: f64 = 0.5;

/// A run of one seed with its outcome.
pub type Done<'a> = (&'a Planned, &'a RunOutcome);

/// Compares two runs: over the seeds when there are three or more, else over the rows that both predict.
///
/// # Errors
/// [`Error::Io`] and those of scores, when the runs' predictions are read.
pub fn compare(
    asked: &Compare,
    runs: &[Done<'_>],
    scale: Scale,
    leaderboard: Option<&Leaderboard>,
    device: Device,
) -> Result<Compared, Error> {
    let of = |name: &String| runs.iter().filter(|(planned, _)| planned.name == *name).copied().collect::<Vec<_>>();
    let pairs: Vec<(Done<'_>, Done<'_>)> = of(&asked.run).into_iter().zip(of(&asked.with)).collect();
    let compared = |difference: Option<f64>, interval, method: String, verdict| Compared {
        run: asked.run.clone(),
        with: asked.with.clone(),
        by: asked.by.clone(),
        claim: asked.claim,
        difference,
        interval,
        method,
        verdict,
    };
    let mut failed = pairs
        .iter()
        .flat_map(|(a, b)| [a, b])
        .filter_map(|(planned, outcome)| outcome.failure.as_ref().map(|_| planned.name.clone()));
    if let Some(name) = failed.next() {
        // A run that broke down is worse than one that did not.
        let verdict = match (asked.claim, name == asked.run) {
            (Claim::None, _) => Verdict::NoClaim,
            (Claim::Better, true) | (Claim::NoGain, false) => Verdict::DidNotHold,
            (Claim::Better, false) | (Claim::NoGain, true) => Verdict::Held,
        };
        return Ok(compared(None, None, format!("{name} broke down"), verdict));
    }
    // Simulated promoters have no public rows.
    let by = if asked.by.starts_with("public") && leaderboard.is_none() { "validation_pearson" } else { &asked.by };
    let differences: Vec<f64> =
        pairs.iter().filter_map(|(a, b)| Some(a.1.values.get(by)? - b.1.values.get(by)?)).collect();
    if differences.is_empty() {
        return Ok(compared(None, None, "no values".into(), Verdict::Undecided));
    }
    let mean = differences.iter().sum::<f64>() / differences.len() as f64;
    let (interval, mut method) = match pairs[..] {
        [(a, b)] => match paired(by, a, b, leaderboard, device)? {
            Some(interval) => (Some(interval), "paired bootstrap of the rows, one seed".into()),
            None => (None, "one seed, other validation rows".into()),
        },
        _ => match over_seeds(&differences, mean) {
            Some(interval) => (Some(interval), format!("{} seeds, t interval", differences.len())),
            None => (None, "two seeds".into()),
        },
    };
    let sign = if by.ends_with("mse") || by.ends_with("mae") || by.ends_with("loss") { -1.0 } else { 1.0 };
    let verdict = interval.map_or(Verdict::Undecided, |(low, high)| {
        let (low, high) = if sign > 0.0 { (low, high) } else { (-high, -low) };
        judge(asked.claim, low, high, asked.margin)
    });
    let verdict = if asked.claim == Claim::None { Verdict::NoClaim } else { verdict };
    let outcomes = pairs.iter().flat_map(|(a, b)| [a.1, b.1]);
    let reached: Vec<f64> = outcomes.filter_map(|one| one.values.get("validation_pearson").copied()).collect();
    if verdict != Verdict::NoClaim && scale != Scale::Full && too_early(&reached) {
        method += &format!("; too early to tell, below r {LEARNT}");
        return Ok(compared(Some(mean), interval, method, Verdict::Undecided));
    }
    Ok(compared(Some(mean), interval, method, verdict))
}

/// Whether one of the networks has not learnt enough, by its r on the validation rows.
fn too_early(reached: &[f64]) -> bool {
    reached.iter().any(|&r| r < LEARNT)
}

/// What an interval of the gain says about a claim.
fn judge(claim: Claim, low: f64, high: f64, margin: f64) -> Verdict {
    match claim {
        Claim::None => Verdict::NoClaim,
        Claim::Better if low > 0.0 => Verdict::Held,
        Claim::Better if high < 0.0 => Verdict::DidNotHold,
        Claim::NoGain if high <= margin => Verdict::Held,
        Claim::NoGain if low > 0.0 => Verdict::DidNotHold,
        Claim::Better | Claim::NoGain => Verdict::Undecided,
    }
}

/// Student's interval of a mean of three to ten differences.
fn over_seeds(differences: &[f64], mean: f64) -> Option<(f64, f64)> {
    // 97.5 % quantiles for 2, 3, ... degrees of freedom.
    const T: [f64; 8] = [4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];
    let t = T.get(differences.len().checked_sub(3)?)?;
    let n = differences.len() as f64;
    let variance = differences.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let half = t * (variance / n).sqrt();
    Some((mean - half, mean + half))
}

/// Interval over draws of the rows that both runs predict; none when they predict other rows.
fn paired(
    by: &str,
    (a, _): Done<'_>,
    (b, _): Done<'_>,
    leaderboard: Option<&Leaderboard>,
    device: Device,
) -> Result<Option<(f64, f64)>, Error> {
    if let (true, Some(leaderboard)) = (by.starts_with("public"), leaderboard) {
        let of = |planned: &Planned| leaderboard.predictions(&planned.folder, device, None);
        let comparison = leaderboard.compare(&of(a)?, &of(b)?)?;
        let score = if by.contains("spearman") { comparison.spearman_score } else { comparison.pearson_score };
        return Ok(Some((score.interval.low, score.interval.high)));
    }
    let Some(metric) = by.strip_prefix("validation_").and_then(|name| name.parse::<Metric>().ok()) else {
        return Ok(None);
    };
    let ((truth, first), (other, second)) = (predictions(&a.folder)?, predictions(&b.folder)?);
    if truth != other || truth.is_empty() {
        return Ok(None);
    }
    let mut differences: Vec<f64> = (0..ROUNDS)
        .filter_map(|round| {
            let mut stream = Stream::new(0, "compare", round);
            let rows: Vec<usize> = truth.iter().map(|_| stream.below(truth.len() as u64) as usize).collect();
            let draw = |values: &[f32]| rows.iter().map(|&row| values[row]).collect::<Vec<f32>>();
            let truth = draw(&truth);
            let of = |values: &[f32]| metric.of(&truth, &draw(values), 1024).ok().filter(|value| value.is_finite());
            Some(of(&first)? - of(&second)?)
        })
        .collect();
    differences.sort_by(f64::total_cmp);
    let at = |share: f64| differences.get((share * (differences.len().max(1) - 1) as f64).round() as usize).copied();
    Ok(at(0.025).zip(at(0.975)))
}

/// Measured and predicted expression of a run's validation rows.
fn predictions(run: &Path) -> Result<(Vec<f32>, Vec<f32>), Error> {
    let path = run.join("predictions.tsv");
    let text = std::fs::read_to_string(&path).map_err(Error::io(&path))?;
    Ok(text
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut columns = line.split('\t').skip(1);
            Some((columns.next()?.parse::<f32>().ok()?, columns.next()?.parse::<f32>().ok()?))
        })
        .unzip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_follow_the_interval() {
        use Verdict::{DidNotHold, Held, Undecided};
        for (claim, low, high, verdict) in [
            (Claim::Better, 0.01, 0.02, Held),
            (Claim::Better, -0.02, -0.01, DidNotHold),
            (Claim::Better, -0.01, 0.02, Undecided),
            (Claim::NoGain, -0.02, 0.005, Held),
            (Claim::NoGain, 0.001, 0.005, Held),
            (Claim::NoGain, 0.02, 0.05, DidNotHold),
            (Claim::NoGain, -0.02, 0.05, Undecided),
            (Claim::None, 0.02, 0.05, Verdict::NoClaim),
        ] {
            assert_eq!(judge(claim, low, high, 0.01), verdict, "{claim:?} {low} {high}");
        }
    }

    #[test]
    fn networks_that_have_learnt_little_are_not_told_apart() {
        assert!(too_early(&[0.54, 0.49]));
        assert!(!too_early(&[0.51, 0.54]));
    }

    /// scipy.stats.t.interval(0.95, 2, mean, sem).
    #[test]
    fn three_seeds_have_students_interval() {
        let (low, high) = over_seeds(&[0.01, 0.02, 0.03], 0.02).unwrap();
        assert!((low + 0.004_841).abs() < 1e-5 && (high - 0.044_841).abs() < 1e-5, "{low} {high}");
        assert_eq!(over_seeds(&[0.1, 0.2], 0.15), None);
    }
}
