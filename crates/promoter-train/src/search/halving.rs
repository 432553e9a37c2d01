//! Rounds in which trials go on.

use super::{Kind, Search};
use crate::Error;
use crate::error::{conflict, experiment as refuse};

/// A round of a search: up to where the trials that are in it are trained before they are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    /// Trials in it.
    pub trials: u64,
    /// Epochs of each, with those of the rounds before; none for as many as its experiment has.
    pub epochs: Option<u64>,
}

impl Search {
    /// The rounds: one, unless the search is a halving.
    ///
    /// ```
    /// # use promoter_train::{Experiment, search::{Round, Search}};
    /// # let mut experiment = Experiment::example();
    /// # experiment.training.epochs = 9;
    /// # let mut table: toml::Table = "keys = { seed = [1, 2] }
    /// # search = { kind = 'halving', trials = 20, metric = 'mse' }".parse()?;
    /// # table.insert("experiment".into(), toml::Value::Table(experiment.to_toml().parse()?));
    /// // kind = "halving", trials = 20, first_epochs = 1, factor = 3; training.epochs = 9
    /// let search = Search::from_toml(&table.to_string())?;
    /// let rounds: Vec<_> = search.rounds()?.iter().map(|round| (round.trials, round.epochs)).collect();
    /// assert_eq!(rounds, [(20, Some(1)), (7, Some(3)), (3, None)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Setting`] when the experiment cannot be read.
    pub fn rounds(&self) -> Result<Vec<Round>, Error> {
        let Kind::Halving { mut trials, first_epochs: mut epochs, factor } = self.kind else {
            return Ok(vec![Round { trials: self.trials(), epochs: None }]);
        };
        let most = crate::Experiment::from_table(self.experiment.clone(), &[])?.training.epochs;
        let mut rounds = Vec::new();
        while epochs < most {
            rounds.push(Round { trials, epochs: Some(epochs) });
            trials = trials.div_ceil(factor);
            epochs = epochs.saturating_mul(factor);
        }
        rounds.push(Round { trials, epochs: None });
        Ok(rounds)
    }

    /// Checks the values of a halving, whose experiment has `epochs` epochs.
    pub(super) fn check_rounds(&self, epochs: u64) -> Result<(), Error> {
        let Kind::Halving { first_epochs, factor, .. } = self.kind else { return Ok(()) };
        if first_epochs == 0 || first_epochs >= epochs {
            let expected = format!("at least 1 and fewer than the {epochs} of the experiment");
            return Err(refuse("search.first_epochs", first_epochs, expected));
        }
        if factor < 2 {
            return Err(refuse("search.factor", factor, "at least 2"));
        }
        if self.keys.contains_key("training.epochs") {
            return Err(conflict("keys", "has `training.epochs`, which a halving decides: leave it out"));
        }
        Ok(())
    }
}
