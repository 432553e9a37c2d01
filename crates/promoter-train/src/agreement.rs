//! What the processes that train together must have in common, compared before the first step.

use promoter_encode::base;
use promoter_torch::distributed::Group;

use crate::prepared::Part;
use crate::{Environment, Error, Experiment, Prepared};

/// What something is called, and a rank's value of it.
type Term = (&'static str, String);

/// Refuses processes of other versions, devices, threads or experiments.
///
/// # Errors
/// [`Error::Disagreement`] on all ranks; those of [`Group::gather`].
pub(crate) fn on_experiment(
    group: &Group,
    call: &str,
    environment: &Environment,
    experiment: Option<&Experiment>,
) -> Result<(), Error> {
    let Environment { version, commit, libtorch, device, threads, .. } = environment;
    let kind = device.split(':').next().unwrap_or_default();
    let mut terms = vec![
        ("call", call.to_owned()),
        ("version", version.clone()),
        ("commit", commit.clone()),
        ("LibTorch", libtorch.clone()),
        ("device", kind.to_owned()),
        ("threads", threads.to_string()),
    ];
    terms.extend(experiment.map(|experiment| ("experiment", experiment.to_toml())));
    agree(group, &terms)
}

/// Refuses processes that have read other rows.
///
/// # Errors
/// As [`on_experiment`].
pub(crate) fn on_rows(group: &Group, prepared: &Prepared) -> Result<(), Error> {
    if group.is_alone() {
        return Ok(());
    }
    let Prepared { train, validation, test, .. } = prepared;
    let term = |what, part: &Part| (what, format!("{} with the hash {}", part.len(), hash(part)));
    let parts = [("training rows", train), ("validation rows", validation), ("held-out rows", test)];
    agree(group, &parts.map(|(what, part)| term(what, part)))
}

fn hash(part: &Part) -> String {
    let mut hasher = blake3::Hasher::new();
    for (codes, labels) in part.rows().map(|(codes, _)| codes).zip(part.labels().chunks(part.columns())) {
        hasher.update(codes).update(&[base::PAD]);
        for label in labels {
            hasher.update(&label.to_le_bytes());
        }
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

fn agree(group: &Group, terms: &[Term]) -> Result<(), Error> {
    if group.is_alone() {
        return Ok(());
    }
    // Strings: there is nothing in them that JSON lacks.
    let told = group.gather(&serde_json::to_vec(terms).unwrap_or_default())?;
    let terms: Vec<Vec<(String, String)>> =
        told.iter().map(|bytes| serde_json::from_slice(bytes).unwrap_or_default()).collect();
    let Some((lead, others)) = terms.split_first() else { return Ok(()) };
    let differences: Vec<String> =
        others.iter().zip(1..).flat_map(|(other, rank)| of_rank(rank, other, lead)).collect();
    if differences.is_empty() { Ok(()) } else { Err(Error::Disagreement { differences: differences.join("; ") }) }
}

/// What a rank has otherwise than rank 0.
fn of_rank(rank: usize, other: &[(String, String)], lead: &[(String, String)]) -> Vec<String> {
    let pairs = other.iter().zip(lead).filter(|(other, lead)| other != lead);
    let told = |((what, other), (_, lead)): (&(String, String), &(String, String))| {
        let (other, lead) = first_difference(other, lead);
        format!("rank {rank} has {what} {other}, rank 0 has {lead}")
    };
    pairs.map(told).collect()
}

/// The first line that differs.
fn first_difference<'a>(other: &'a str, lead: &'a str) -> (&'a str, &'a str) {
    let lines = |text: &'a str| text.lines().chain(std::iter::repeat("nothing more"));
    let most = other.lines().count().max(lead.lines().count());
    lines(other).zip(lines(lead)).take(most).find(|(other, lead)| other != lead).unwrap_or((other, lead))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_one_line_of_a_long_value() {
        let terms = |threads: &str, experiment: &str| {
            vec![("threads".to_owned(), threads.to_owned()), ("experiment".to_owned(), experiment.to_owned())]
        };
        let lead = terms("1", "seed = 1\n[data]\nrows = 3\n");
        assert!(of_rank(1, &lead, &lead).is_empty());
        let found = of_rank(1, &terms("2", "seed = 1\n[data]\nrows = 4\n"), &lead);
        let expected = ["rank 1 has threads 2, rank 0 has 1", "rank 1 has experiment rows = 4, rank 0 has rows = 3"];
        assert_eq!(found, expected);
        let found = of_rank(2, &terms("1", "seed = 1\n"), &lead);
        assert_eq!(found, ["rank 2 has experiment nothing more, rank 0 has [data]"]);
    }
}
