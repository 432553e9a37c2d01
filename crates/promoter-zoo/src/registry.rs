//! Networks by name: what a configuration file asks for, and how it is built.

#[cfg(feature = "schema")]
mod schema;

use promoter_torch::{Params, Planned};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};

use crate::{
    Architecture, Error, Input, Network, auth, auth_cnn, auth_rnn, bert, dream_attn, dream_cnn, dream_rnn, legnet,
    madlab, nad, noisy_chardonnay, noisy_chardonnay_attention, noisy_chardonnay_sweep, peppa, ridge, upstream,
};

/// Makes the enumeration of all configurations, and whatever has to ask each of them, from one line for each network:
/// its variant and its module, whose `Config` is an [`Architecture`].
macro_rules! networks {
    ($($variant:ident: $module:ident,)+) => {
        /// The configuration of any network.
        ///
        /// In a configuration file `name` is a network or a preset ([`NetworkConfig::names`]); any of the network's
        /// fields may follow and replace the preset's. It is written with the network's name and all fields.
        ///
        /// ```
        /// use promoter_zoo::registry::NetworkConfig;
        /// let config: NetworkConfig = toml::from_str("name = 'peppa'\nblocks = 2")?;
        /// assert_eq!(config.name(), "peppa");
        /// assert!(toml::from_str::<NetworkConfig>("name = 'peppa'\nblokcs = 2").is_err());
        /// # Ok::<(), toml::de::Error>(())
        /// ```
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[serde(tag = "name", rename_all = "kebab-case")]
        #[non_exhaustive]
        pub enum NetworkConfig {
            $(
                #[doc = concat!("[`", stringify!($module), "`].")]
                $variant($module::Config),
            )+
        }

        impl NetworkConfig {
            /// Every name that a configuration may have, with what it stands for.
            fn presets() -> Vec<(&'static str, Self)> {
                let mut presets = Vec::new();
                $(
                    for (name, preset) in $module::Config::PRESETS {
                        presets.push((*name, Self::$variant(preset())));
                    }
                )+
                presets
            }

            /// The network's name.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $module::Config::NAME,)+
                }
            }

            /// Paper, report or code that the network is from.
            pub fn source(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $module::Config::SOURCE,)+
                }
            }

            /// Shape of one input.
            pub fn input(&self) -> Input {
                match self {
                    $(Self::$variant(config) => config.input(),)+
                }
            }

            /// The configuration for another input.
            ///
            /// # Errors
            /// [`Error::Config`] where the network cannot have this length or these channels.
            pub fn with_input(self, input: Input) -> Result<Self, Error> {
                Ok(match self {
                    $(Self::$variant(config) => Self::$variant(config.with_input(input)?),)+
                })
            }

            /// Names, shapes and kinds of the network's tensors, which are not made for it.
            ///
            /// # Errors
            /// As [`Architecture::plan`].
            pub fn plan(&self) -> Result<Vec<Planned>, Error> {
                match self {
                    $(Self::$variant(config) => config.plan(),)+
                }
            }

            /// Makes the network's tensors in `params`.
            ///
            /// # Errors
            /// As [`Architecture::build`].
            pub fn build(&self, params: &mut Params) -> Result<Box<dyn Network>, Error> {
                Ok(match self {
                    $(Self::$variant(config) => Box::new(config.build(params)?),)+
                })
            }

            /// The schema of each network's table.
            #[cfg(feature = "schema")]
            fn schemas(generator: &mut schemars::SchemaGenerator) -> Vec<schemars::Schema> {
                vec![$(schema::of::<$module::Config>(generator),)+]
            }

            /// Replaces fields by those of `options`.
            fn with(self, options: Map<String, Value>) -> Result<Self, serde_json::Error> {
                Ok(match self {
                    $(Self::$variant(config) => Self::$variant(replace(&config, options)?),)+
                })
            }
        }
    };
}

networks! {
    Auth: auth,
    AuthCnn: auth_cnn,
    AuthRnn: auth_rnn,
    Bert: bert,
    DreamAttn: dream_attn,
    DreamCnn: dream_cnn,
    DreamRnn: dream_rnn,
    Legnet: legnet,
    Madlab: madlab,
    Nad: nad,
    NoisyChardonnay: noisy_chardonnay,
    NoisyChardonnayAttention: noisy_chardonnay_attention,
    NoisyChardonnaySweep: noisy_chardonnay_sweep,
    Peppa: peppa,
    Ridge: ridge,
    Upstream: upstream,
}

impl NetworkConfig {
    /// The names of all networks and presets; [`ridge`] is not a network and not among them.
    pub fn names() -> Vec<&'static str> {
        let networks = Self::presets().into_iter().filter(|(_, preset)| !preset.is_ridge());
        networks.map(|(name, _)| name).collect()
    }

    /// Whether there is no network but ridge regression only.
    pub fn is_ridge(&self) -> bool {
        matches!(self, Self::Ridge(_))
    }

    /// Labels that are predicted.
    pub fn labels(&self) -> i64 {
        match self {
            Self::Ridge(config) => config.labels,
            Self::Upstream(config) => config.labels,
            _ => 1,
        }
    }

    /// The configuration for a number of labels; none for a network that always has one.
    pub fn with_labels(self, labels: i64) -> Option<Self> {
        match self {
            Self::Ridge(config) => Some(Self::Ridge(ridge::Config { labels, ..config })),
            Self::Upstream(config) => Some(Self::Upstream(upstream::Config { labels, ..config })),
            other => (labels == 1).then_some(other),
        }
    }

    /// The network or preset of a name, [`ridge`] too.
    ///
    /// # Errors
    /// [`Error::UnknownNetwork`].
    pub fn by_name(name: &str) -> Result<Self, Error> {
        let found = Self::presets().into_iter().find(|(known, _)| *known == name);
        found
            .map(|(_, preset)| preset)
            .ok_or_else(|| Error::UnknownNetwork { name: name.to_owned(), known: Self::names() })
    }
}

impl<'de> Deserialize<'de> for NetworkConfig {
    /// Refuses a missing or unknown `name`, and fields that the network does not have.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use de::Error as _;
        let mut options = Map::deserialize(deserializer)?;
        let name = match options.remove("name") {
            Some(Value::String(name)) => name,
            Some(other) => return Err(D::Error::custom(format!("`name` is {other}, expected a network's name"))),
            None => return Err(D::Error::missing_field("name")),
        };
        let preset = Self::by_name(&name).map_err(D::Error::custom)?;
        preset.with(options).map_err(|error| D::Error::custom(format!("network `{name}`: {error}")))
    }
}

/// A preset with some fields replaced, also under their earlier names. Serde's own defaults know one preset only.
fn replace<C: Architecture>(preset: &C, mut options: Map<String, Value>) -> Result<C, serde_json::Error> {
    for (earlier, now) in C::RENAMED {
        let Some(value) = options.remove(*earlier) else { continue };
        if options.insert((*now).to_owned(), value).is_some() {
            let text = format!("`{earlier}` is an earlier name of `{now}`, which is given too");
            return Err(de::Error::custom(text));
        }
    }
    let mut fields = serde_json::from_value::<Map<String, Value>>(serde_json::to_value(preset)?)?;
    fields.extend(options);
    serde_json::from_value(Value::Object(fields))
}
