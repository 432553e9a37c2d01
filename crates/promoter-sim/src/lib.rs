//! A simulated sort-seq assay of yeast promoters, with known binding sites and known noise.
//!
//! Random inserts between the flanks of the real construct get their expression from a thermodynamic model of factors
//! that compete for sites on both strands and with a nucleosome; sorted cells are read a few times each, so that the
//! labels look like measured ones. The whole model, its figures and its limits are in `docs/simulation.md`.
//!
//! ```
//! use promoter_sim::{Assay, simulate};
//! let simulation = simulate(&Assay { rows: 200, ..Assay::default() })?;
//! assert_eq!(simulation.table.codes(0).len(), 110);
//! assert!(simulation.table.labels().iter().all(|label| (0.0..=17.0).contains(label)));
//! for site in &simulation.sites[0] {
//!     println!("{} at {} changes expression by {:.2} bins", site.factor, site.start, site.effect);
//! }
//! # Ok::<(), promoter_sim::Error>(())
//! ```

pub mod assay;
pub mod construct;
pub mod error;
pub mod expression;
pub mod factor;
mod occupancy;
mod scan;
pub mod simulation;
pub mod site;
pub mod sorting;
mod truth;

pub use assay::{Assay, Planting};
pub use construct::Construct;
pub use error::Error;
pub use expression::Expression;
pub use factor::{Factor, Role};
pub use simulation::{Simulation, simulate};
pub use site::{Site, Strand};
pub use sorting::Sorting;
pub use truth::Truth;
