//! Networks by name: what a configuration file asks for, and how it is built.

use promoter_torch::Params;
use serde::{Deserialize, Serialize};

use crate::{Error, Network, peppa};

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
    /// [`peppa`].
    Peppa(peppa::Config),
}

impl NetworkConfig {
    /// Name in configurations.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Peppa(_) => "peppa",
        }
    }

    /// Makes the network's tensors in `params`.
    ///
    /// # Errors
    /// [`Error::Config`] for sizes that the network cannot have, [`Error::Params`].
    pub fn build(&self, params: &mut Params) -> Result<Box<dyn Network>, Error> {
        Ok(match self {
            Self::Peppa(config) => Box::new(config.build(params)?),
        })
    }
}
