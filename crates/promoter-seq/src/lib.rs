//! Promoter sequences and their measured expression: read, filter, trim, split, packed cache.
//!
//! A file becomes a [`Table`] with a report of what was folded or skipped on the way ([`read`]); a [`Filter`] removes
//! rows and counts them; a [`Split`] says which rows train and which validate. Nothing is dropped without being
//! counted, and everything gives the same bytes for any number of threads.
//!
//! ```
//! use promoter_seq::filter::{Filter, Length};
//! use promoter_seq::read::{ReadOptions, Rows};
//! use promoter_seq::split::{Size, Split};
//!
//! # fn main() -> Result<(), promoter_seq::Error> {
//! let file: &[u8] = b"ACGTACGT\t11\nACGTNCGT\t3.5\nTTGACCAA\t9.25\nCCGATTGC\t0\n";
//! let mut rows = Rows::new(file, "example.tsv", &ReadOptions::default())?;
//! let table = rows.table()?;
//!
//! let filter = Filter { length: Some(Length::Exact(8)), no_ambiguous: true, ..Filter::default() };
//! let (table, report) = filter.apply(table, 0)?;
//! assert_eq!((report.kept, report.ambiguous), (3, 1));
//!
//! let parts = Split::ScikitLearn { validation: Size::Fraction(0.1), seed: 1 }.parts(&table)?;
//! assert_eq!((parts.train.len(), parts.validation.len()), (2, 1));
//! # Ok(())
//! # }
//! ```

pub mod bed;
pub mod cache;
mod error;
pub mod filter;
pub mod genome;
pub mod read;
pub mod replicates;
pub mod split;
pub mod table;
pub mod trim;

pub use bed::Bed;
pub use error::{Error, Result};
pub use filter::Filter;
pub use genome::Genome;
pub use replicates::Replicates;
pub use split::Split;
pub use table::Table;
pub use trim::Trim;
