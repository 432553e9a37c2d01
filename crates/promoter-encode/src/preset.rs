//! Values that have a name: the choices of published models.

use crate::{Error, Result};

/// A name and its value.
pub(crate) type Named<T> = (&'static str, fn() -> T);

/// A type of which some values have names.
pub(crate) trait Preset: Sized + 'static {
    /// What it is, in messages.
    const KIND: &'static str;
    /// The names and their values, in alphabetical order.
    const PRESETS: &'static [Named<Self>];

    /// The value of a name.
    fn named(name: &str) -> Result<Self> {
        let found = Self::PRESETS.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value()).ok_or_else(|| Error::Preset {
            kind: Self::KIND,
            name: name.to_owned(),
            known: Self::PRESETS.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", "),
        })
    }
}

/// What every type with presets has: their names, and reading them from a name or a file.
macro_rules! preset {
    ($type:ident) => {
        impl $type {
            /// Names of the presets.
            pub fn presets() -> impl Iterator<Item = &'static str> {
                <Self as $crate::preset::Preset>::PRESETS.iter().map(|(name, _)| *name)
            }
        }

        /// Reads the name of a preset.
        impl std::str::FromStr for $type {
            type Err = $crate::Error;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                $crate::preset::Preset::named(name)
            }
        }

        #[cfg(feature = "serde")]
        impl $crate::preset::Table for $type {
            fn table<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                // What serde derived, which is not the trait's method of this name.
                Self::deserialize(deserializer)
            }
        }

        /// Reads a table, or the name of a preset.
        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::preset::name_or_table(deserializer)
            }
        }

        /// Writes a table.
        #[cfg(feature = "serde")]
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                Self::serialize(self, serializer)
            }
        }
    };
}
pub(crate) use preset;

/// Makes the schema that serde's attributes give, of a table, one of a table or a name.
#[cfg(feature = "schema")]
pub(crate) fn name_or_table_schema<T: Preset>(schema: &mut schemars::Schema) {
    let names: Vec<&str> = T::PRESETS.iter().map(|(name, _)| *name).collect();
    let description = schema.remove("description");
    let name = schemars::json_schema!({ "description": "Name of a preset.", "type": "string", "enum": names });
    let table = std::mem::take(schema);
    *schema = schemars::json_schema!({ "anyOf": [name, table] });
    schema.insert("description".into(), description.unwrap_or_default());
}

#[cfg(feature = "serde")]
pub(crate) use name_or_table::{Table, name_or_table};

#[cfg(feature = "serde")]
mod name_or_table {
    use std::fmt;
    use std::marker::PhantomData;

    use serde::Deserializer;
    use serde::de::value::MapAccessDeserializer;
    use serde::de::{Error, MapAccess, Visitor};

    use super::Preset;

    /// A type that is read from a table.
    pub(crate) trait Table: Preset {
        /// Reads a table.
        fn table<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
    }

    struct NameOrTable<T>(PhantomData<T>);

    impl<'de, T: Table> Visitor<'de> for NameOrTable<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a table or the name of a {} preset", T::KIND)
        }

        fn visit_str<E: Error>(self, name: &str) -> Result<T, E> {
            T::named(name).map_err(E::custom)
        }

        fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<T, M::Error> {
            T::table(MapAccessDeserializer::new(map))
        }
    }

    /// Reads a name or a table; what is wrong with a table is told as if there were no names.
    pub(crate) fn name_or_table<'de, D: Deserializer<'de>, T: Table>(deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_any(NameOrTable(PhantomData))
    }
}
