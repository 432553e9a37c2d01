//! The networks against numbers that the teams' own code gave on the same weights and inputs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "reference/enformer.rs"]
mod enformer;
#[path = "reference/nad.rs"]
mod nad;
#[path = "reference/peppa.rs"]
mod peppa;
#[path = "reference/support.rs"]
mod support;
