//! The networks against numbers that the teams' own code gave on the same weights and inputs.

#[path = "reference/enformer.rs"]
mod enformer;
#[path = "reference/peppa.rs"]
mod peppa;
#[path = "reference/support.rs"]
mod support;
