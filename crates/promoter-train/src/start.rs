//! Weights of another run that training starts from, instead of drawn ones.

use std::path::PathBuf;

use promoter_torch::Params;
use promoter_torch::file::Tensors;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::error::experiment;
use crate::readout::is_ridge;

/// Weights that a network is trained on from: fine-tuning.
///
/// The file is read once, when the run starts: the run's first checkpoint has the weights, and a resume reads that.
///
/// ```
/// use promoter_train::start::Start;
/// let start: Start = toml::from_str(
///     "weights = 'runs/first/predictor.safetensors'
///     except = ['head.']", // another head than that run's
/// )?;
/// assert_eq!(start.hash, None);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Start {
    /// A predictor, or any safetensors file with the network's own names, as a run's `checkpoints/best.safetensors`.
    pub weights: PathBuf,
    /// Beginnings of names that are left alone: the network's keep the values drawn from the seed, the file's are not
    /// used. All other names, shapes and kinds must match.
    #[serde(default)]
    pub except: Vec<String>,
    /// BLAKE3 hash of the file: another one is refused. The `config.toml` of a run always has it.
    #[serde(default)]
    pub hash: Option<String>,
}

impl Start {
    /// Copies the weights into a network, and keeps the hash of the file that they came from.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Params`] with every difference between the file and the network; [`Error::Experiment`]
    /// for a file of another hash, for an exception that no name begins with, and when the exceptions leave nothing.
    pub(crate) fn load(&mut self, params: &Params) -> Result<(), Error> {
        let Self { weights, except, hash } = self;
        let bytes = std::fs::read(&*weights).map_err(|source| Error::Io { path: weights.clone(), source })?;
        let found = blake3::hash(&bytes).to_hex().to_string();
        if let Some(hash) = hash.as_ref().filter(|hash| **hash != found) {
            let expected = format!("{found}, the hash of {}", weights.display());
            return Err(experiment("start.hash", hash, expected));
        }
        let mut tensors = Tensors::from_bytes(&bytes, weights)?;
        // Another network has a share of its own.
        tensors.tensors.retain(|name, _| !is_ridge(name));
        let names = || params.entries().iter().map(|entry| &entry.name);
        let useless = |prefix: &&String| !names().chain(tensors.tensors.keys()).any(|name| name.starts_with(*prefix));
        if let Some(prefix) = except.iter().find(useless) {
            return Err(experiment("start.except", prefix, "beginnings of names in the network or in the file"));
        }
        let is_loaded = |name: &str| !except.iter().any(|prefix| name.starts_with(prefix));
        if !names().any(|name| is_loaded(name)) {
            return Err(experiment("start.except", except.join(", "), "exceptions that leave something to load"));
        }
        tensors.load_chosen(params, weights, is_loaded)?;
        *hash = Some(found);
        Ok(())
    }
}
