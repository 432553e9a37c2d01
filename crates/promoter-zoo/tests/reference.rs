//! The networks against numbers that the teams' own code gave on the same weights and inputs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "reference/auth.rs"]
mod auth;
#[path = "reference/bert.rs"]
mod bert;
#[path = "reference/bins.rs"]
mod bins;
#[path = "reference/enformer.rs"]
mod enformer;
#[path = "reference/initialisers.rs"]
mod initialisers;
#[path = "reference/lstm.rs"]
mod lstm;
#[path = "reference/madlab.rs"]
mod madlab;
#[path = "reference/nad.rs"]
mod nad;
#[path = "reference/noisy_chardonnay.rs"]
mod noisy_chardonnay;
#[path = "reference/peppa.rs"]
mod peppa;
#[path = "reference/secant.rs"]
mod secant;
#[path = "reference/support.rs"]
mod support;
