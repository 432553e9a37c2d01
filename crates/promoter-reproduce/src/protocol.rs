//! A team's way of training, from which runs start.

use std::collections::BTreeMap;

use promoter_train::Experiment;
use serde::Deserialize;
use toml::{Table, Value};

use crate::Scale;

/// A team's way of training, with its own settings.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// An experiment of `promoter train` without its data.
    pub experiment: Table,
    /// Milliseconds that training on one row takes on two threads of a CPU: what a step costs on a machine like the
    /// one on which the small runs were laid out.
    pub milliseconds_per_row: f64,
    /// Rows of a batch of the metrics that are means over batches.
    #[serde(default = "Protocol::metric_batch")]
    pub metric_batch: usize,
    /// Values that differ in a smoke test.
    #[serde(default)]
    pub smoke: BTreeMap<String, Value>,
    /// Values that differ on few rows, where the team's batches and rates would allow a handful of steps.
    #[serde(default)]
    pub small: BTreeMap<String, Value>,
}

impl Protocol {
    fn metric_batch() -> usize {
        1024
    }

    /// The experiment with every value written out, on simulated data.
    ///
    /// # Errors
    /// What of it is no experiment.
    pub fn resolved(&self) -> Result<Table, String> {
        let mut table = self.experiment.clone();
        table.insert("data".into(), Value::Table(Table::from_iter([("simulated".into(), Value::Table(Table::new()))])));
        let experiment: Experiment = Value::Table(table).try_into().map_err(|e: toml::de::Error| e.to_string())?;
        experiment.to_toml().parse().map_err(|e: toml::de::Error| e.to_string())
    }

    /// Values that differ at a scale.
    pub fn set(&self, scale: Scale) -> impl Iterator<Item = (&String, &Value)> {
        match scale {
            Scale::Smoke => Some(&self.smoke),
            Scale::Small => Some(&self.small),
            Scale::Full => None,
        }
        .into_iter()
        .flatten()
    }
}

/// Replaces a value; tables are joined by dots. A table takes another table's place as a whole, and `false` for a table
/// takes it away.
pub fn set(table: &mut Table, key: &str, value: &Value) -> Result<(), String> {
    match key.split_once('.') {
        None => {
            match (table.get(key), value) {
                (Some(Value::Table(_)), Value::Boolean(false)) => table.remove(key),
                _ => table.insert(key.to_owned(), value.clone()),
            };
            Ok(())
        }
        Some((outer, inner)) => match table.entry(outer).or_insert_with(|| Value::Table(Table::new())) {
            Value::Table(table) => set(table, inner, value),
            other => Err(format!("`{outer}` is {other}, not a table")),
        },
    }
}

/// The value of a key with dots between the tables.
pub fn get<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    match key.split_once('.') {
        None => table.get(key),
        Some((outer, inner)) => match table.get(outer)? {
            Value::Table(table) => get(table, inner),
            Value::Array(values) => values.get(inner.parse::<usize>().ok()?),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_set_taken_away_and_found() {
        let mut table: Table = "a = 1\n[b.c]\nd = [2, 3]\n[e]\nf = 4".parse().unwrap();
        set(&mut table, "b.c.x", &Value::Integer(5)).unwrap();
        set(&mut table, "e", &Value::Boolean(false)).unwrap();
        assert_eq!(get(&table, "b.c.x"), Some(&Value::Integer(5)));
        assert_eq!(get(&table, "b.c.d.1"), Some(&Value::Integer(3)));
        assert_eq!(get(&table, "e"), None);
        assert!(set(&mut table, "a.b", &Value::Integer(5)).unwrap_err().contains("not a table"));
    }
}
