//! Networks by name: what a configuration file asks for, and how it is built.

use promoter_torch::Params;
use serde::{Deserialize, Serialize};

use crate::{Error, Network, auth, auth_cnn, auth_rnn, madlab, noisy_chardonnay, noisy_chardonnay_attention, peppa};

/// The configuration of any network; `name` says which.
///
/// ```
/// use promoter_zoo::registry::NetworkConfig;
/// let config: NetworkConfig = toml::from_str("name = 'peppa'\nblocks = 2")?;
/// assert_eq!(config.name(), "peppa");
/// assert!(toml::from_str::<NetworkConfig>("name = 'peppa'\nblokcs = 2").is_err());
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NetworkConfig {
    /// [`auth`].
    Auth(auth::Config),
    /// [`auth_cnn`].
    AuthCnn(auth_cnn::Config),
    /// [`auth_rnn`].
    AuthRnn(auth_rnn::Config),
    /// [`madlab`].
    Madlab(madlab::Config),
    /// [`noisy_chardonnay`].
    NoisyChardonnay(noisy_chardonnay::Config),
    /// [`noisy_chardonnay_attention`].
    NoisyChardonnayAttention(noisy_chardonnay_attention::Config),
    /// [`peppa`].
    Peppa(peppa::Config),
}

impl NetworkConfig {
    /// Name in configurations.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Auth(_) => "auth",
            Self::AuthCnn(_) => "auth-cnn",
            Self::AuthRnn(_) => "auth-rnn",
            Self::Madlab(_) => "madlab",
            Self::NoisyChardonnay(_) => "noisy-chardonnay",
            Self::NoisyChardonnayAttention(_) => "noisy-chardonnay-attention",
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
            Self::Madlab(config) => Box::new(config.build(params)?),
            Self::NoisyChardonnay(config) => Box::new(config.build(params)?),
            Self::NoisyChardonnayAttention(config) => Box::new(config.build(params)?),
            Self::Peppa(config) => Box::new(config.build(params)?),
        })
    }
}
