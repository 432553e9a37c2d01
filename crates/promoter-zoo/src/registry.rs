//! Networks by name: what a configuration file asks for, and how it is built.

use promoter_torch::Params;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::{
    Error, Network, auth, auth_cnn, auth_rnn, bert, dream_attn, dream_cnn, dream_rnn, legnet, madlab, nad,
    noisy_chardonnay, noisy_chardonnay_attention, noisy_chardonnay_sweep, peppa,
};

/// The configuration of any network.
///
/// In a configuration file `name` is a system or a preset ([`NetworkConfig::names`]); any of the system's fields may
/// follow and replace the preset's. It is written with the system's name and all fields.
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
    /// [`auth`].
    Auth(auth::Config),
    /// [`auth_cnn`].
    AuthCnn(auth_cnn::Config),
    /// [`auth_rnn`].
    AuthRnn(auth_rnn::Config),
    /// [`bert`].
    Bert(bert::Config),
    /// [`dream_attn`].
    DreamAttn(dream_attn::Config),
    /// [`dream_cnn`].
    DreamCnn(dream_cnn::Config),
    /// [`dream_rnn`].
    DreamRnn(dream_rnn::Config),
    /// [`legnet`].
    Legnet(legnet::Config),
    /// [`madlab`].
    Madlab(madlab::Config),
    /// [`nad`].
    Nad(nad::Config),
    /// [`noisy_chardonnay`].
    NoisyChardonnay(noisy_chardonnay::Config),
    /// [`noisy_chardonnay_attention`].
    NoisyChardonnayAttention(noisy_chardonnay_attention::Config),
    /// [`noisy_chardonnay_sweep`].
    NoisyChardonnaySweep(noisy_chardonnay_sweep::Config),
    /// [`peppa`].
    Peppa(peppa::Config),
}

use NetworkConfig as N;

type Preset = fn() -> NetworkConfig;

/// Every name that a configuration may have.
const PRESETS: &[(&str, Preset)] = &[
    ("auth", || N::Auth(auth::Config::submitted())),
    ("auth-cnn", || N::AuthCnn(auth_cnn::Config::submitted())),
    ("auth-rnn", || N::AuthRnn(auth_rnn::Config::submitted())),
    ("bert", || N::Bert(bert::Config::small())),
    ("dream-attn", || N::DreamAttn(dream_attn::Config::published())),
    ("dream-cnn", || N::DreamCnn(dream_cnn::Config::published())),
    ("dream-rnn", || N::DreamRnn(dream_rnn::Config::published())),
    ("legnet", || N::Legnet(legnet::Config::submitted())),
    ("legnet-simple-squeeze-excite", || N::Legnet(legnet::Config::simple_squeeze_excite())),
    ("legnet-optimised", || N::Legnet(legnet::Config::optimised())),
    ("madlab", || N::Madlab(madlab::Config::described())),
    ("madlab-as-run", || N::Madlab(madlab::Config::as_run())),
    ("nad", || N::Nad(nad::Config::submitted())),
    ("noisy-chardonnay", || N::NoisyChardonnay(noisy_chardonnay::Config::drawn())),
    ("noisy-chardonnay-stated", || N::NoisyChardonnay(noisy_chardonnay::Config::stated())),
    ("noisy-chardonnay-attention", || N::NoisyChardonnayAttention(noisy_chardonnay_attention::Config::drawn())),
    ("noisy-chardonnay-sweep", || N::NoisyChardonnaySweep(noisy_chardonnay_sweep::Config::smallest())),
    ("peppa", || N::Peppa(peppa::Config::slim())),
];

impl NetworkConfig {
    /// The names of all systems and presets.
    pub fn names() -> Vec<&'static str> {
        PRESETS.iter().map(|(name, _)| *name).collect()
    }

    /// The system or preset of a name.
    ///
    /// # Errors
    /// [`Error::UnknownNetwork`].
    pub fn by_name(name: &str) -> Result<Self, Error> {
        let found = PRESETS.iter().find(|(known, _)| *known == name);
        found
            .map(|(_, preset)| preset())
            .ok_or_else(|| Error::UnknownNetwork { name: name.to_owned(), known: Self::names() })
    }

    /// The system's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Auth(_) => "auth",
            Self::AuthCnn(_) => "auth-cnn",
            Self::AuthRnn(_) => "auth-rnn",
            Self::Bert(_) => "bert",
            Self::DreamAttn(_) => "dream-attn",
            Self::DreamCnn(_) => "dream-cnn",
            Self::DreamRnn(_) => "dream-rnn",
            Self::Legnet(_) => "legnet",
            Self::Madlab(_) => "madlab",
            Self::Nad(_) => "nad",
            Self::NoisyChardonnay(_) => "noisy-chardonnay",
            Self::NoisyChardonnayAttention(_) => "noisy-chardonnay-attention",
            Self::NoisyChardonnaySweep(_) => "noisy-chardonnay-sweep",
            Self::Peppa(_) => "peppa",
        }
    }

    /// Makes the network's tensors in `params`.
    ///
    /// # Errors
    /// [`Error::Config`] for sizes that the network cannot have, [`Error::Params`].
    pub fn build(&self, params: &mut Params) -> Result<Box<dyn Network>, Error> {
        Ok(match self {
            Self::Auth(config) => Box::new(config.build(params)?),
            Self::AuthCnn(config) => Box::new(config.build(params)?),
            Self::AuthRnn(config) => Box::new(config.build(params)?),
            Self::Bert(config) => Box::new(config.build(params)?),
            Self::DreamAttn(config) => Box::new(config.build(params)?),
            Self::DreamCnn(config) => Box::new(config.build(params)?),
            Self::DreamRnn(config) => Box::new(config.build(params)?),
            Self::Legnet(config) => Box::new(config.build(params)?),
            Self::Madlab(config) => Box::new(config.build(params)?),
            Self::Nad(config) => Box::new(config.build(params)?),
            Self::NoisyChardonnay(config) => Box::new(config.build(params)?),
            Self::NoisyChardonnayAttention(config) => Box::new(config.build(params)?),
            Self::NoisyChardonnaySweep(config) => Box::new(config.build(params)?),
            Self::Peppa(config) => Box::new(config.build(params)?),
        })
    }

    /// Replaces fields by those of `options`.
    fn with(self, options: Map<String, Value>) -> Result<Self, serde_json::Error> {
        Ok(match self {
            Self::Auth(config) => Self::Auth(replace(&config, options)?),
            Self::AuthCnn(config) => Self::AuthCnn(replace(&config, options)?),
            Self::AuthRnn(config) => Self::AuthRnn(replace(&config, options)?),
            Self::Bert(config) => Self::Bert(replace(&config, options)?),
            Self::DreamAttn(config) => Self::DreamAttn(replace(&config, options)?),
            Self::DreamCnn(config) => Self::DreamCnn(replace(&config, options)?),
            Self::DreamRnn(config) => Self::DreamRnn(replace(&config, options)?),
            Self::Legnet(config) => Self::Legnet(replace(&config, options)?),
            Self::Madlab(config) => Self::Madlab(replace(&config, options)?),
            Self::Nad(config) => Self::Nad(replace(&config, options)?),
            Self::NoisyChardonnay(config) => Self::NoisyChardonnay(replace(&config, options)?),
            Self::NoisyChardonnayAttention(config) => Self::NoisyChardonnayAttention(replace(&config, options)?),
            Self::NoisyChardonnaySweep(config) => Self::NoisyChardonnaySweep(replace(&config, options)?),
            Self::Peppa(config) => Self::Peppa(replace(&config, options)?),
        })
    }
}

impl<'de> Deserialize<'de> for NetworkConfig {
    /// Refuses a missing or unknown `name`, and fields that the system does not have.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
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

/// A preset with some fields replaced. Serde's own defaults know one preset only.
fn replace<C: Serialize + DeserializeOwned>(preset: &C, options: Map<String, Value>) -> Result<C, serde_json::Error> {
    let mut fields = serde_json::from_value::<Map<String, Value>>(serde_json::to_value(preset)?)?;
    fields.extend(options);
    serde_json::from_value(Value::Object(fields))
}
