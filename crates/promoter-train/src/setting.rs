//! Values of an experiment that are replaced by name.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use toml::{Table, Value};

use crate::{Error, Experiment};

/// Tables that hold one of several things: to name another takes it out, so that `data.file.path=rows.tsv` replaces
/// simulated rows.
const ALTERNATIVES: [&str; 3] = ["data", "encoding", "encoding.kmer.vectors"];

/// A value of an experiment by its key, with dots between the tables. As text it is `key=value`, the value as TOML has
/// it or a bare word.
///
/// ```
/// use promoter_train::setting::Setting;
/// let setting: Setting = "training.epochs=3".parse()?;
/// assert_eq!((setting.key.as_str(), setting.value.as_integer()), ("training.epochs", Some(3)));
/// let setting: Setting = "network.name = nad".parse()?;
/// assert_eq!(setting.to_string(), "network.name=nad");
/// # Ok::<(), promoter_train::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Key.
    pub key: String,
    /// Value.
    pub value: Value,
}

/// Why a value cannot be replaced.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The text is not a key and a value.
    #[error("expected KEY=VALUE, for instance training.epochs=3")]
    Form,
    /// A key leads through something that is not a table.
    #[error("`{key}` is {found}, not a table")]
    NotATable {
        /// Key of what was found.
        key: String,
        /// Value found.
        found: String,
    },
    /// The key does not exist, or cannot have the value.
    #[error("{}", .0.message())]
    Value(Box<toml::de::Error>),
}

impl FromStr for Setting {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let Some((key, value)) = text.split_once('=') else {
            return Err(Error::Setting { setting: text.to_owned(), source: Fault::Form });
        };
        Ok(Self { key: key.trim().to_owned(), value: parse(value.trim()) })
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Value::String(word) if parse(word) == self.value => write!(f, "{}={word}", self.key),
            value => write!(f, "{}={value}", self.key),
        }
    }
}

/// A TOML value; what is none is a string.
fn parse(text: &str) -> Value {
    let parsed = format!("value = {text}").parse::<Table>().ok();
    let alone = parsed.filter(|table| table.len() == 1).and_then(|mut table| table.remove("value"));
    alone.unwrap_or_else(|| Value::String(text.to_owned()))
}

impl Experiment {
    /// Reads an experiment file and replaces values.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Config`], [`Error::Setting`].
    pub fn read_with(path: &Path, settings: &[Setting]) -> Result<Self, Error> {
        // The file by itself first: its errors have lines.
        let experiment = Self::read(path)?;
        if settings.is_empty() {
            return Ok(experiment);
        }
        let text = std::fs::read_to_string(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
        let table = text.parse().map_err(|e| Error::Config { path: path.to_owned(), source: Box::new(e) })?;
        Self::from_table(table, settings)
    }

    /// The experiment of a TOML table, values replaced in it. What the table leaves out is completed after that, so
    /// that another network, say, has its own sizes.
    ///
    /// # Errors
    /// [`Error::Setting`] for a key that does not exist or a value that it cannot have.
    pub fn from_table(mut table: Table, settings: &[Setting]) -> Result<Self, Error> {
        for setting in settings {
            let refuse = |source| Error::Setting { setting: setting.to_string(), source };
            for outer in ALTERNATIVES {
                let inner = setting.key.strip_prefix(outer).and_then(|rest| rest.strip_prefix('.'));
                if let (Some(inner), Some(held)) = (inner, find(&mut table, outer)) {
                    held.retain(|name, _| inner.split('.').next().is_some_and(|first| first == name));
                }
            }
            replace(&mut table, &setting.key, setting.value.clone()).map_err(refuse)?;
            // After each, so that the error names it.
            Value::Table(table.clone()).try_into::<Self>().map_err(|e| refuse(Fault::Value(Box::new(e))))?;
        }
        let refuse = |e| Error::Setting { setting: "experiment".into(), source: Fault::Value(Box::new(e)) };
        Value::Table(table).try_into().map_err(refuse)
    }
}

/// The table of a key, when there is one.
fn find<'a>(table: &'a mut Table, key: &str) -> Option<&'a mut Table> {
    key.split('.').try_fold(table, |table, name| table.get_mut(name)?.as_table_mut())
}

fn replace(table: &mut Table, key: &str, value: Value) -> Result<(), Fault> {
    let Some((outer, inner)) = key.split_once('.') else {
        table.insert(key.to_owned(), value);
        return Ok(());
    };
    match table.entry(outer).or_insert_with(|| Value::Table(Table::new())) {
        Value::Table(table) => replace(table, inner, value),
        other => Err(Fault::NotATable { key: outer.to_owned(), found: other.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An error with its cause.
    fn whole(error: &Error) -> String {
        let source = std::error::Error::source(error).map_or_else(String::new, ToString::to_string);
        format!("{error}: {source}")
    }

    #[test]
    fn values_are_toml_and_bare_words_are_strings() {
        for (text, value) in [
            ("3", Value::Integer(3)),
            ("0.5", Value::Float(0.5)),
            ("[1, 2]", Value::Array(vec![Value::Integer(1), Value::Integer(2)])),
            ("peppa", Value::String("peppa".into())),
            ("\"3\"", Value::String("3".into())),
        ] {
            let setting = Setting { key: "key".into(), value };
            assert_eq!(setting.to_string(), format!("key={text}"));
            assert_eq!(setting.to_string().parse::<Setting>().unwrap(), setting);
        }
        // More than one value is not a value.
        assert_eq!(parse("1\nother = 2"), Value::String("1\nother = 2".into()));
        let error = whole(&"training.epochs".parse::<Setting>().unwrap_err());
        assert_eq!(error, "training.epochs: expected KEY=VALUE, for instance training.epochs=3");
    }

    #[test]
    fn keys_lead_through_tables_and_errors_name_the_setting() {
        let table: Table = Experiment::example().to_toml().parse().unwrap();
        let with = |settings: &[&str]| {
            let settings: Vec<Setting> = settings.iter().map(|text| text.parse().unwrap()).collect();
            Experiment::from_table(table.clone(), &settings)
        };
        let experiment = with(&["training.epochs=5", "schedule.name=cosine", "seed=7"]).unwrap();
        assert_eq!((experiment.training.epochs, experiment.seed), (5, 7));
        for (settings, message) in [
            (["seed=3", "seed.deep=1"], "seed.deep=1: `seed` is 3, not a table"),
            (["seed=3", "training.epocs=1"], "training.epocs=1: unknown field `epocs`"),
            (["training.epochs=many", "seed=1"], "training.epochs=many: invalid type"),
        ] {
            let error = whole(&with(&settings).unwrap_err());
            assert!(error.starts_with(message), "{error}");
        }
    }

    #[test]
    fn another_alternative_takes_the_place_of_the_one_that_is_there() {
        let table: Table = Experiment::example().to_toml().parse().unwrap();
        let with = |settings: &[&str]| {
            let settings: Vec<Setting> = settings.iter().map(|text| text.parse().unwrap()).collect();
            Experiment::from_table(table.clone(), &settings)
        };
        let experiment = with(&["data.file.path=rows.tsv", "data.file.cache=rows.cache"]).unwrap();
        let file = experiment.to_toml();
        assert!(file.contains("rows.tsv") && file.contains("rows.cache") && !file.contains("simulated"), "{file}");
        let experiment = with(&[
            "encoding.kmer={ fit = { length = 110, crop = [15, 99] }, vectors = { glove = {} } }",
            "encoding.kmer.vectors.random.dimension=64",
        ]);
        assert!(experiment.unwrap().to_toml().contains("[encoding.kmer.vectors.random]"));
        assert!(whole(&with(&["data.files.path=rows.tsv"]).unwrap_err()).contains("`files`"));
    }

    #[test]
    fn a_file_is_read_with_values_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("experiment.toml");
        assert!(matches!(Experiment::read_with(&path, &[]).unwrap_err(), Error::Io { .. }));
        std::fs::write(&path, Experiment::example().to_toml()).unwrap();
        assert_eq!(Experiment::read_with(&path, &[]).unwrap(), Experiment::example());
        let found = Experiment::read_with(&path, &["seed=9".parse().unwrap()]).unwrap();
        assert_eq!(found, Experiment { seed: 9, ..Experiment::example() });
    }
}
