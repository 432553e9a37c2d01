//! Criterion benches, one file each, beside this folder.
