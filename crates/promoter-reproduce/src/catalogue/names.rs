//! Names as people type them.

/// A name without case, blanks and dashes.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The known names most like `name`; empty when none is like it.
pub(super) fn nearest<'a>(known: impl Iterator<Item = &'a String>, name: &str) -> Vec<String> {
    let mut names: Vec<(usize, &String)> = known.map(|one| (distance(&plain(one), &plain(name)), one)).collect();
    names.sort();
    names.dedup();
    names.retain(|(distance, _)| *distance <= name.len() / 3 + 1);
    names.into_iter().take(3).map(|(_, name)| name.clone()).collect()
}

/// Letters to insert, remove or replace.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_letters() {
        assert_eq!(distance("peppa1", "pepa1"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("nad", "nad"), 0);
        assert_eq!(distance("eauth1", "eauht1"), 2);
    }
}
