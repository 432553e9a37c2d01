//! Values of a configuration that are a table or the name of a preset.

use std::fmt;
use std::marker::PhantomData;

use promoter_encode::fit::Fit;
use promoter_encode::one_hot::OneHot;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A type with named values.
pub(super) trait Preset: Sized {
    /// The value of a name.
    fn named(name: &str) -> promoter_encode::Result<Self>;
}

impl Preset for Fit {
    fn named(name: &str) -> promoter_encode::Result<Self> {
        Self::preset(name)
    }
}

impl Preset for OneHot {
    fn named(name: &str) -> promoter_encode::Result<Self> {
        Self::preset(name)
    }
}

/// Reads a name or a table; what is wrong with a table is told as if there were no names.
pub(super) fn table_or_name<'de, D: Deserializer<'de>, T: Preset + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    struct TableOrName<T>(PhantomData<T>);

    impl<'de, T: Preset + Deserialize<'de>> Visitor<'de> for TableOrName<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a table or the name of a preset")
        }

        fn visit_str<E: Error>(self, name: &str) -> Result<T, E> {
            T::named(name).map_err(E::custom)
        }

        fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<T, M::Error> {
            T::deserialize(MapAccessDeserializer::new(map))
        }
    }

    deserializer.deserialize_any(TableOrName(PhantomData))
}
