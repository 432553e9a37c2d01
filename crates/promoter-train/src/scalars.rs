//! The numbers of a record by name, whatever fields it has.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::EpochRecord;

/// Names and values in the order of the record's fields, `between` between the names of a table and of its fields. A
/// value that does not exist is none; yes is 1 and no is 0.
pub(crate) fn of(record: &EpochRecord, between: &str) -> Vec<(String, Option<f64>)> {
    // A record has a JSON form, and what is read back is what was written.
    let text = serde_json::to_string(record).unwrap_or_default();
    let Fields(fields) = serde_json::from_str(&text).unwrap_or_default();
    let mut scalars = Vec::new();
    add(&mut scalars, "", fields, between);
    scalars
}

fn add(scalars: &mut Vec<(String, Option<f64>)>, outer: &str, fields: Vec<(String, Field)>, between: &str) {
    for (inner, field) in fields {
        let name = format!("{outer}{inner}");
        match field {
            Field::Number(value) => scalars.push((name, Some(value))),
            Field::Flag(value) => scalars.push((name, Some(f64::from(value)))),
            Field::Missing(()) => scalars.push((name, None)),
            Field::Table(Fields(fields)) => add(scalars, &(name + between), fields, between),
            Field::Other(_) => {}
        }
    }
}

/// A JSON object whose order is kept.
#[derive(Default)]
struct Fields(Vec<(String, Field)>);

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Field {
    Number(f64),
    Flag(bool),
    Missing(()),
    Table(Fields),
    Other(IgnoredAny),
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Ordered;
        impl<'de> Visitor<'de> for Ordered {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    fields.push(entry);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Ordered)
    }
}

/// A comma-separated table of records, with a line of names; a value that does not exist is empty.
pub(crate) fn to_csv(records: &[EpochRecord]) -> String {
    let rows: Vec<_> = records.iter().map(|record| of(record, ".")).collect();
    let mut names: Vec<&String> = Vec::new();
    for (name, _) in rows.iter().flatten() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let line = |cells: Vec<String>| cells.join(",") + "\n";
    let cell = |row: &[(String, Option<f64>)], name: &String| {
        let value = row.iter().find(|(other, _)| other == name).and_then(|(_, value)| *value);
        value.map_or_else(String::new, |value| value.to_string())
    };
    let header = line(names.iter().map(|name| (*name).clone()).collect());
    let lines = rows.iter().map(|row| line(names.iter().map(|name| cell(row, name)).collect()));
    std::iter::once(header).chain(lines).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A record whose correlation does not exist.
    pub(crate) fn record(epoch: u64) -> EpochRecord {
        let scores = r#"{"n": 54, "pearson": null, "spearman": null, "r2": -0.1, "mse": 0.125, "mae": 0.25}"#;
        let text = format!(
            r#"{{"epoch": {epoch}, "lr": 1e-05, "train_loss": 1.5, "train_pearson": 0.5, "train_mse": 2.5,
            "gradient_norm": 0.75, "largest_gradient_norm": 3.0, "skipped_steps": 0, "validation_loss": 1.25,
            "validation": {scores}, "chosen_by": 0.1, "best": true, "seconds": 2.5, "rows_per_second": 100.5,
            "peak_memory": null}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn names_are_in_the_order_of_the_fields() {
        let scalars = of(&record(3), "/");
        let names: Vec<&str> = scalars.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names[..3], ["epoch", "lr", "train_loss"]);
        let value = |name: &str| scalars.iter().find(|(other, _)| other == name).unwrap().1;
        assert_eq!((value("epoch"), value("validation/mse"), value("best")), (Some(3.0), Some(0.125), Some(1.0)));
        assert_eq!(value("validation/pearson"), None);
    }

    #[test]
    fn a_table_reads_back() {
        let records = [record(0), record(1)];
        let csv = to_csv(&records);
        let lines: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
        assert_eq!(lines.len(), 3);
        let column = |name: &str| lines[0].iter().position(|other| *other == name).unwrap();
        for (record, line) in records.iter().zip(&lines[1..]) {
            assert_eq!(line.len(), lines[0].len());
            assert_eq!(line[column("epoch")], record.epoch.to_string());
            assert_eq!(line[column("lr")].parse::<f64>().unwrap(), record.lr);
            assert_eq!(line[column("validation.mse")], "0.125");
            assert_eq!(line[column("validation.pearson")], "");
        }
    }
}
