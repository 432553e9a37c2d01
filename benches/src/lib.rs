//! Benches, one file each, beside this folder.
