//! Values that are the name of a preset, or a table as an experiment file has it.

use std::fmt::Display;

use promoter::encode::fit::Fit;
use promoter::encode::kmer::Kmers;
use promoter::encode::one_hot::OneHot;
use serde::Deserialize;

/// Reads a fit, for instance `peppa` or `{ length = 80, longer = "keep_first" }`.
pub(crate) fn fit(text: &str) -> Result<Fit, String> {
    table_or_name(text, Fit::preset)
}

/// Reads a one-hot encoding, for instance `legnet` or `{ order = "AGCT" }`.
pub(crate) fn one_hot(text: &str) -> Result<OneHot, String> {
    table_or_name(text, OneHot::preset)
}

/// Reads k-mers: their length, `nad`, or a table.
pub(crate) fn kmers(text: &str) -> Result<Kmers, String> {
    let kmers = match text.parse() {
        Ok(k) => Kmers { k, ..Kmers::default() },
        Err(_) => table_or_name(text, |name| match name {
            "nad" => Ok(Kmers::nad()),
            _ => Err(format!("expected a length, nad or a table, found {name:?}")),
        })?,
    };
    // Impossible ones are told before anything is read.
    kmers.tokenizer().map_err(|error| error.to_string())?;
    Ok(kmers)
}

fn table_or_name<T, E>(text: &str, named: impl Fn(&str) -> Result<T, E>) -> Result<T, String>
where
    T: for<'de> Deserialize<'de>,
    E: Display,
{
    if text.trim_start().starts_with('{') {
        let value = toml::de::ValueDeserializer::parse(text).map_err(|error| error.to_string())?;
        return T::deserialize(value).map_err(|error| error.to_string().trim_end().to_owned());
    }
    named(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_tables_are_read_and_others_refused() {
        assert_eq!(fit("peppa"), Ok(Fit::peppa()));
        assert_eq!(fit("{ length = 80 }"), Ok(Fit::exact(80)));
        assert_eq!(one_hot("legnet"), Ok(OneHot::legnet()));
        assert_eq!(kmers("nad"), Ok(Kmers::nad()));
        assert_eq!(kmers("6").map(|kmers| kmers.k), Ok(6));
        assert_eq!(kmers("{ k = 3, stride = 3 }").map(|kmers| kmers.stride), Ok(3));
        for (error, part) in [
            (fit("pepa").unwrap_err(), "madlab"),
            (fit("{ lenght = 3 }").unwrap_err(), "lenght"),
            (one_hot("{ order = 'ACGG' }").unwrap_err(), "ACGG"),
            (kmers("13").unwrap_err(), "13"),
            (kmers("five").unwrap_err(), "nad"),
        ] {
            assert!(error.contains(part), "{error} should say {part}");
        }
    }
}
