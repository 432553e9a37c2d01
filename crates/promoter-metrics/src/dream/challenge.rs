//! The challenge's own files: which rows belong to which subset, and which were public.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::values::{Entries, parse_entries, parse_row, read_text};
use super::{Error, Rows, Subset, Values};

/// Subsets and public rows of the test set, and what the challenge published about them.
#[derive(Debug, Clone, PartialEq)]
pub struct Challenge {
    /// Unique rows of the subsets of single sequences.
    pub(super) singles: BTreeMap<Subset, BTreeSet<u32>>,
    /// Unique pairs (alternative, reference) of the others.
    pub(super) pairs: BTreeMap<Subset, BTreeSet<(u32, u32)>>,
    /// Public pairs.
    pub(super) public_pairs: BTreeMap<Subset, BTreeSet<(u32, u32)>>,
    /// Rows in any public file, also as part of a pair, with their published expression in MAUDE units.
    pub(super) public: BTreeMap<u32, f64>,
    /// Sequences of the rows that are in a subset.
    pub(super) sequences: BTreeMap<u32, String>,
}

impl Challenge {
    /// Reads the folder that holds `test_subset_ids/` and `public_leaderboard_ids/` as the challenge published them.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::Csv`], [`Error::Column`], [`Error::Json`], [`Error::Id`], [`Error::NotFinite`].
    pub fn read(folder: impl AsRef<Path>) -> Result<Self, Error> {
        let folder = folder.as_ref();
        let mut challenge = Self {
            singles: BTreeMap::new(),
            pairs: BTreeMap::new(),
            public_pairs: BTreeMap::new(),
            public: BTreeMap::new(),
            sequences: BTreeMap::new(),
        };
        for subset in Subset::ALL {
            let Some((all, public)) = subset.files() else { continue };
            let all = folder.join("test_subset_ids").join(all);
            let public = folder.join("public_leaderboard_ids").join(public);
            if subset.is_pairs() {
                let alternatives = challenge.read_column(&all, "alt_pos", "alt_sequence")?;
                let references = challenge.read_column(&all, "ref_pos", "ref_sequence")?;
                challenge.pairs.insert(subset, alternatives.into_iter().zip(references).collect());
                let pairs = challenge.read_public_pairs(&public)?;
                challenge.public_pairs.insert(subset, pairs);
            } else {
                let rows = challenge.read_column(&all, "pos", "sequence")?;
                challenge.singles.insert(subset, rows.into_iter().collect());
                challenge.read_public_rows(&public)?;
            }
        }
        Ok(challenge)
    }

    /// Rows of a column of a subset file; keeps their sequences when the file has them.
    fn read_column(&mut self, path: &Path, rows: &'static str, sequences: &str) -> Result<Vec<u32>, Error> {
        let text = read_text(path)?;
        let csv_error = |source| Error::Csv { path: path.to_owned(), source };
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().map_err(csv_error)?;
        let find = |name: &str| header.iter().position(|column| column == name);
        let sequence_column = find(sequences);
        let Some(row_column) = find(rows) else {
            let found = header.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", ");
            return Err(Error::Column { path: path.to_owned(), column: rows, found });
        };
        let (mut column, mut record) = (Vec::new(), csv::StringRecord::new());
        while reader.read_record(&mut record).map_err(csv_error)? {
            let row = parse_row(&path.display().to_string(), record.get(row_column).unwrap_or_default())?;
            if let Some(sequence) = sequence_column.and_then(|column| record.get(column)).filter(|s| !s.is_empty()) {
                self.sequences.entry(row).or_insert_with(|| sequence.to_ascii_uppercase());
            }
            column.push(row);
        }
        Ok(column)
    }

    fn read_public_rows(&mut self, path: &Path) -> Result<(), Error> {
        let input = path.display().to_string();
        let text = read_text(path)?;
        let Entries(entries) = parse_entries::<f64>(&input, &text)?;
        for (id, value) in entries {
            self.public.insert(parse_row(&input, &id)?, value);
        }
        Ok(())
    }

    fn read_public_pairs(&mut self, path: &Path) -> Result<BTreeSet<(u32, u32)>, Error> {
        let input = path.display().to_string();
        let text = read_text(path)?;
        let Entries(entries) = parse_entries::<[f64; 2]>(&input, &text)?;
        let mut pairs = BTreeSet::new();
        for (id, [alternative_value, reference_value]) in entries {
            let Some((alternative, reference)) = id.split_once(',') else {
                return Err(Error::Id { input, id, expected: "a pair of test rows: `alternative,reference`" });
            };
            let (alternative, reference) = (parse_row(&input, alternative)?, parse_row(&input, reference.trim())?);
            self.public.insert(alternative, alternative_value);
            self.public.insert(reference, reference_value);
            pairs.insert((alternative, reference));
        }
        Ok(pairs)
    }

    /// Number of test rows that the files speak of: one more than the last.
    pub fn rows(&self) -> usize {
        let singles = self.singles.values().filter_map(BTreeSet::last).copied();
        let pairs = self.pairs.values().flatten().map(|&(alternative, reference)| alternative.max(reference));
        let public = self.public.keys().next_back().copied();
        singles.chain(pairs).chain(public).max().map_or(0, |last| last as usize + 1)
    }

    /// Rows of a subset of single sequences among `test_rows` rows, in order.
    pub(super) fn chosen_rows(&self, subset: Subset, rows: Rows, test_rows: usize) -> Vec<u32> {
        let chosen = |row: &u32| rows.take(self.public.contains_key(row));
        match self.singles.get(&subset) {
            Some(subset) => subset.iter().copied().filter(chosen).collect(),
            None => (0..test_rows as u32).filter(chosen).collect(),
        }
    }

    /// Pairs of a subset, in order. As the challenge published them the public pairs are among all pairs.
    pub(super) fn chosen_pairs(&self, subset: Subset, rows: Rows) -> Vec<(u32, u32)> {
        let public = self.public_pairs.get(&subset);
        let is_public = |pair: &(u32, u32)| public.is_some_and(|public| public.contains(pair));
        self.pairs.get(&subset).into_iter().flatten().copied().filter(|pair| rows.take(is_public(pair))).collect()
    }

    /// The first public row whose value differs from the published one, with that: the check that a column is the
    /// challenge's truth. A thousandth of a MAUDE unit may be lost in printing.
    pub(super) fn differs(&self, truth: &Values) -> Option<(u32, f64, f64)> {
        self.public
            .iter()
            .filter_map(|(&row, &published)| truth.get(row).map(|value| (row, published, value)))
            .find(|(_, published, value)| (published - value).abs() > 1e-3)
    }
}
