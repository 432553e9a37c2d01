#![doc = include_str!("../README.md")]

mod background;
pub mod cluster;
pub mod compare;
mod distribution;
mod error;
pub mod io;
pub mod logo;
mod motif;
mod parallel;
mod pwm;
pub mod scan;
pub mod seqlet;
pub mod significance;
mod strand;

pub use background::Background;
pub use distribution::Distribution;
pub use error::{Error, Result};
pub use motif::Motif;
pub use pwm::{Pseudocount, Pwm};
pub use strand::{Strand, Strands};
