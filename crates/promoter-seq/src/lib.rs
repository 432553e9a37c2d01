//! Promoter sequences and their measured expression: read, filter, trim, split, packed cache.

pub mod table;

pub use table::Table;
