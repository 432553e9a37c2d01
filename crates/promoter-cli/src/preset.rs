//! Values that are the name of a preset, or a table as an experiment file has it.

use std::str::FromStr;

use promoter::encode::fit::Fit;
use promoter::encode::kmer::Kmers;
use promoter::encode::one_hot::OneHot;
use serde::Deserialize;

/// Reads a fit, for instance `peppa` or `{ length = 80, longer = "keep_first" }`.
pub(crate) fn fit(text: &str) -> Result<Fit, String> {
    name_or_table(text)
}

/// Reads a one-hot encoding, for instance `legnet` or `{ order = "AGCT" }`.
pub(crate) fn one_hot(text: &str) -> Result<OneHot, String> {
    name_or_table(text)
}

/// Reads k-mers: their length, the name of a preset, or a table.
pub(crate) fn kmers(text: &str) -> Result<Kmers, String> {
    let kmers = match text.parse() {
        Ok(k) => Kmers { k, ..Kmers::default() },
        Err(_) => name_or_table::<Kmers>(text)?,
    };
    // Impossible ones are told before anything is read.
    kmers.tokenizer().map_err(|error| error.to_string())?;
    Ok(kmers)
}

fn name_or_table<T>(text: &str) -> Result<T, String>
where
    T: FromStr<Err = promoter::encode::Error> + for<'de> Deserialize<'de>,
{
    if text.trim_start().starts_with('{') {
        let value = toml::de::ValueDeserializer::parse(text).map_err(|error| error.to_string())?;
        return T::deserialize(value).map_err(|error| error.to_string().trim_end().to_owned());
    }
    text.parse().map_err(|error: promoter::encode::Error| error.to_string())
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
