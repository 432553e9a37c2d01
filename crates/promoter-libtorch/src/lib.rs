//! LibTorch as a file on disk: the right version at build time, its CUDA half at run time.
//!
//! The build script of this crate stops a build without LibTorch, or with another version, with one line that says what
//! to do. The feature `doc-only` skips that, for documentation and type checks.
//!
//! Programs here are linked with the CPU half only. [`load_cuda`] opens the CUDA half when it lies beside it, so one
//! program serves machines with and without a GPU:
//!
//! ```
//! use promoter_libtorch::{Cuda, load_cuda};
//! match load_cuda() {
//!     Cuda::Loaded { library } => println!("CUDA half: {}", library.display()),
//!     Cuda::Absent { .. } | Cuda::NoLibtorch | Cuda::Unsupported => println!("the CPU half alone"),
//!     other => eprintln!("{other}"),
//! }
//! ```

mod cuda;
pub mod launch;

pub use cuda::{Cuda, load_cuda};

/// The version of LibTorch that the build was checked against.
///
/// ```
/// assert_eq!(promoter_libtorch::VERSION.split('.').count(), 3);
/// ```
pub const VERSION: &str = env!("PROMOTER_LIBTORCH_VERSION");
