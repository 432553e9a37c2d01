//! Batches: rows kept as base codes, gathered, varied and encoded on the device.
//!
//! [`Rows`] are the data, an [`Order`] says which copy of which row comes when, and [`Batches`] makes batches of the
//! two.

mod augment;
mod averaging;
mod batches;
pub(crate) mod draws;
mod encoder;
mod feed;
mod host;
mod mutation;
mod order;
mod rows;
mod share;

pub use self::augment::{Augment, ReverseComplement, Shifts};
pub use self::averaging::Averaging;
pub use self::batches::{Batch, Batches};
pub use self::encoder::{Encoder, View};
pub use self::order::Order;
pub use self::rows::Rows;
pub use self::share::Share;
