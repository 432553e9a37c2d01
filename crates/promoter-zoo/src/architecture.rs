//! What a network's file declares, so that it can be built, listed and read from configuration files.

use std::fmt::Debug;

use promoter_torch::{Params, Planned};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::check::require;
use crate::{Error, Input, Network};

/// A name in configuration files, and the configuration that it stands for.
pub type Preset<C> = (&'static str, fn() -> C);

/// A network's configuration: its name, its presets, where it comes from, what it takes, and how it is built.
///
/// ```
/// use promoter_torch::Params;
/// use promoter_zoo::{Architecture, auth};
///
/// let config = auth::Config { filters: 500, ..auth::Config::submitted() };
/// let plan = config.plan()?;
/// assert_eq!((plan[0].name.as_str(), &plan[0].shape[..]), ("conv.weight", &[500, 4, 30][..]));
/// let mut params = Params::new(tch::Device::Cpu, 1);
/// let _network = config.build(&mut params)?;
/// assert_eq!(params.plan(), plan);
/// # Ok::<(), promoter_zoo::Error>(())
/// ```
pub trait Architecture: Debug + Clone + PartialEq + Serialize + DeserializeOwned + 'static {
    /// The network that is built.
    type Network: Network + 'static;

    /// Name in configuration files.
    const NAME: &'static str;

    /// Paper, report or code that the network is from.
    const SOURCE: &'static str;

    /// Configurations with names; the first has the network's own.
    const PRESETS: &'static [Preset<Self>];

    /// Earlier names of fields, which configuration files may still have, and those of today.
    const RENAMED: &'static [(&'static str, &'static str)] = &[];

    /// Shape of one input.
    fn input(&self) -> Input;

    /// The configuration with the length, and where the network can have others the channels, of another input.
    fn resized(self, input: Input) -> Self;

    /// Refuses sizes and rates that the network cannot have.
    ///
    /// # Errors
    /// [`Error::Config`].
    fn check(&self) -> Result<(), Error>;

    /// Makes the tensors of sizes that [`check`](Self::check) accepts; [`build`](Self::build) calls both.
    ///
    /// # Errors
    /// [`Error::Params`], [`Error::Layer`].
    fn make(&self, params: &mut Params) -> Result<Self::Network, Error>;

    /// Names, shapes and kinds of the network's tensors, which are not made for it.
    ///
    /// # Errors
    /// [`Error::Config`] for sizes that do not fit each other, [`Error::Params`] for a network too large for any use.
    fn plan(&self) -> Result<Vec<Planned>, Error> {
        self.check()?;
        let mut params = Params::planned();
        self.make(&mut params)?;
        Ok(params.plan())
    }

    /// Makes the network's tensors in `params`, after a plan of them all: sizes are refused before any memory is taken.
    ///
    /// # Errors
    /// As [`plan`](Self::plan), [`Error::Layer`].
    fn build(&self, params: &mut Params) -> Result<Self::Network, Error> {
        self.plan()?;
        self.make(params)
    }

    /// The configuration for another input.
    ///
    /// # Errors
    /// [`Error::Config`] where the network cannot have this length or these channels.
    fn with_input(self, input: Input) -> Result<Self, Error> {
        let resized = self.resized(input);
        let found = resized.input();
        require(found.length == input.length, "length", input.length, "the length that the network always has")?;
        require(found.channels == input.channels, "input_channels", input.channels, "4, the bases")?;
        resized.check()?;
        Ok(resized)
    }
}
