//! What to learn from a table, where there is no experiment file.

use std::path::Path;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use promoter::seq::Replicates;
use promoter::train::recipe::{Effort, Plan, Recipe};
use promoter::zoo::registry::NetworkConfig;

use crate::progress;

/// What to learn from a table.
#[derive(Debug, Args)]
#[group(id = "table")]
pub(crate) struct Options {
    /// Column of the labels; can be repeated, one network then learns all of them, and a row may lack some [default: no
    /// header; the first two columns are sequence and label]
    #[arg(long = "label", value_name = "COLUMN", requires = "data", id = "label")]
    labels: Vec<String>,
    /// Column of the sequences [default: sequence or seq, in any case]
    #[arg(long, value_name = "COLUMN", requires = "label")]
    sequence: Option<String>,
    /// Column of groups, such as genes, that are kept on one side of the split [default: rows that share 20 bases stay
    /// together]
    #[arg(long, value_name = "COLUMN", requires = "label")]
    group: Option<String>,
    /// Column of weights, such as reads or cells: rows of one sequence become one, with the weighted mean of their
    /// labels
    #[arg(long, value_name = "COLUMN", requires = "label", conflicts_with = "variance")]
    weight: Option<String>,
    /// Column of the labels' variances: rows of one sequence become one, their labels weighted by 1 / variance
    #[arg(long, value_name = "COLUMN", requires = "label")]
    variance: Option<String>,
    /// Network to train, or `ridge` for ridge regression on k-mer counts alone [default: convolutions and an LSTM in a
    /// size for the number of rows]
    #[arg(long, value_name = "NAME", requires = "data", hide_possible_values = true,
        value_parser = PossibleValuesParser::new([NetworkConfig::names(), vec!["ridge"]].concat()))]
    network: Option<String>,
    /// Size of the network and passes over the rows [default: small below 4,000 rows, medium below 50,000]
    #[arg(long, value_enum, requires = "data")]
    recipe: Option<Size>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Size {
    /// 15 passes of a small network: less than a minute on two cores
    Small,
    /// 12 passes of a network twice as wide: minutes
    Medium,
    /// Three networks of a million parameters each: an hour for 70,000 rows
    Large,
}

impl Options {
    pub(crate) fn recipe(&self, data: &Path) -> Recipe {
        Recipe {
            sequence: self.sequence.clone(),
            labels: self.labels.clone(),
            group: self.group.clone(),
            replicates: match (&self.weight, &self.variance) {
                (Some(column), _) => Some(Replicates::Weight(column.clone())),
                (None, Some(column)) => Some(Replicates::Variance(column.clone())),
                (None, None) => None,
            },
            network: self.network.clone(),
            effort: self.recipe.map(|size| match size {
                Size::Small => Effort::Small,
                Size::Medium => Effort::Medium,
                Size::Large => Effort::Large,
            }),
            ..Recipe::of(data.to_owned())
        }
    }
}

/// Tells what the user of a plan should know or decide.
pub(crate) fn warn(plan: &Plan) {
    for warning in &plan.warnings {
        progress::tell(format_args!("warning: {warning}"));
    }
}
