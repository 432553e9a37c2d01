//! A column of numbers in a table, with what its rows are known by.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use promoter::seq::read::Lines;

/// Bytes of a line.
const LONGEST: usize = 1 << 20;

/// Which columns are read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Names<'a> {
    /// The values; the last column unless named.
    pub(super) value: Option<&'a str>,
    /// What rows are joined by; the first column unless named.
    pub(super) key: Option<&'a str>,
    /// A group for each row.
    pub(super) group: Option<&'a str>,
}

/// A column of numbers.
#[derive(Debug, Default)]
pub(super) struct Column {
    pub(super) values: Vec<f64>,
    /// Line of each row, from 1.
    pub(super) lines: Vec<u64>,
    /// What each row is known by; empty for a table of one column.
    pub(super) keys: Vec<String>,
    /// The group of each row, where groups are asked for.
    pub(super) groups: Vec<String>,
}

/// Places of the columns that are read.
struct Places {
    value: usize,
    key: Option<usize>,
    group: Option<usize>,
    columns: usize,
}

impl Column {
    /// Reads a table. Its first line is a header when columns are named, or when its value is not a number.
    pub(super) fn read(path: &Path, names: Names<'_>) -> Result<Self> {
        let shown = path.display();
        let is_csv = path.to_string_lossy().trim_end_matches(".gz").trim_end_matches(".zst").ends_with(".csv");
        let mut column = Self::default();
        let mut places = None;
        for line in Lines::open(path, LONGEST)? {
            let (number, text) = line?;
            if text.trim().is_empty() {
                continue;
            }
            let cells = cells(&text, is_csv).with_context(|| format!("{shown}:{number}: not a line of CSV"))?;
            let known = match &places {
                Some(known) => known,
                None => {
                    let known = places.insert(Places::of(&cells, names).with_context(|| format!("{shown}:{number}"))?);
                    let is_named = [names.value, names.key, names.group].iter().any(Option::is_some);
                    if is_named || cells[known.value].parse::<f64>().is_err() {
                        continue;
                    }
                    known
                }
            };
            if cells.len() != known.columns {
                bail!("{shown}:{number}: expected {} columns, found {}", known.columns, cells.len());
            }
            let value = &cells[known.value];
            match value.parse::<f64>() {
                Ok(value) if value.is_finite() => column.values.push(value),
                _ => bail!(
                    "{shown}:{number}: expected a finite number in column {}, found {value:?}: remove rows that were \
                     not measured",
                    known.value + 1
                ),
            }
            column.lines.push(number);
            column.keys.extend(known.key.map(|key| cells[key].clone()));
            column.groups.extend(known.group.map(|group| cells[group].clone()));
        }
        if column.values.is_empty() {
            bail!("{shown}: no rows");
        }
        Ok(column)
    }
}

impl Places {
    fn of(header: &[String], names: Names<'_>) -> Result<Self> {
        let find = |name: &str| match header.iter().position(|cell| cell == name) {
            Some(place) => Ok(place),
            None => bail!("unknown column `{name}`: the header has {}", header.join(", ")),
        };
        let columns = header.len();
        Ok(Self {
            value: names.value.map_or(Ok(columns - 1), find)?,
            key: names.key.map(find).transpose()?.or((columns > 1).then_some(0)),
            group: names.group.map(find).transpose()?,
            columns,
        })
    }
}

/// The fields of a line.
fn cells(line: &str, is_csv: bool) -> Result<Vec<String>> {
    if !is_csv {
        return Ok(line.split('\t').map(|cell| cell.trim().to_owned()).collect());
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(line.as_bytes());
    let mut record = csv::StringRecord::new();
    if !reader.read_record(&mut record)? {
        bail!("an empty line");
    }
    Ok(record.iter().map(|cell| cell.trim().to_owned()).collect())
}
