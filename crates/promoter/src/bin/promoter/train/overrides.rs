//! An experiment file with some values replaced.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use promoter::train::Experiment;
use toml::{Table, Value};

/// Reads an experiment and replaces values: `key=value`, tables joined by dots, the value as TOML has it or a bare word.
pub(super) fn read(path: &Path, overrides: &[String]) -> Result<Experiment> {
    // The file by itself first: its errors have lines.
    let experiment = Experiment::read(path)?;
    if overrides.is_empty() {
        return Ok(experiment);
    }
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let mut table: Table = text.parse()?;
    for text in overrides {
        let Some((key, value)) = text.split_once('=') else {
            bail!("--set {text}: expected KEY=VALUE, for instance training.epochs=3");
        };
        replace(&mut table, key.trim(), parse(value.trim())).with_context(|| format!("--set {text}"))?;
        // After each, so that the error names it.
        Value::Table(table.clone())
            .try_into::<Experiment>()
            .map_err(|error| anyhow!("--set {text}: {}", error.to_string().trim()))?;
    }
    Ok(Value::Table(table).try_into()?)
}

/// A TOML value; what is none is a string.
fn parse(text: &str) -> Value {
    let parsed = format!("value = {text}").parse::<Table>().ok();
    parsed.and_then(|mut table| table.remove("value")).unwrap_or_else(|| Value::String(text.to_owned()))
}

fn replace(table: &mut Table, key: &str, value: Value) -> Result<()> {
    match key.split_once('.') {
        None => {
            table.insert(key.to_owned(), value);
            Ok(())
        }
        Some((outer, inner)) => {
            let entry = table.entry(outer).or_insert_with(|| Value::Table(Table::new()));
            match entry {
                Value::Table(table) => replace(table, inner, value),
                other => bail!("`{outer}` is {other}, not a table"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_toml_and_bare_words_are_strings() {
        assert_eq!(parse("3"), Value::Integer(3));
        assert_eq!(parse("[1, 2]"), Value::Array(vec![Value::Integer(1), Value::Integer(2)]));
        assert_eq!(parse("peppa"), Value::String("peppa".into()));
        assert_eq!(parse("\"3\""), Value::String("3".into()));
    }

    #[test]
    fn keys_lead_through_tables() {
        let mut table: Table = "seed = 1\n[training]\nepochs = 2".parse().unwrap();
        replace(&mut table, "training.epochs", Value::Integer(5)).unwrap();
        replace(&mut table, "augment.shift", Value::Integer(1)).unwrap();
        assert_eq!(table["training"]["epochs"], Value::Integer(5));
        assert_eq!(table["augment"]["shift"], Value::Integer(1));
        let error = replace(&mut table, "seed.deep", Value::Integer(5)).unwrap_err().to_string();
        assert_eq!(error, "`seed` is 1, not a table");
    }
}
