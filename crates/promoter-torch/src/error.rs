//! What can go wrong at LibTorch's edge.

use std::path::PathBuf;

use tch::TchError;

use crate::state_dict::StateDictError;

/// An error of LibTorch, of a weight file, or of a parameter's definition.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// LibTorch refused an operation.
    #[error(transparent)]
    Torch(TchError),
    /// Tensors that a grouped step takes together are not alike, or a step is not an f32 scalar.
    #[error("grouped step: {list} {index}: expected {expected}, found {found}")]
    Group {
        /// List that the tensor is in.
        list: &'static str,
        /// Place in the list, from 0.
        index: usize,
        /// What its parameter asks for.
        expected: String,
        /// What it is.
        found: String,
    },
    /// Lists of a grouped step have different lengths.
    #[error("grouped step: {found} {list} for {expected} tensors")]
    GroupLength {
        /// The list of another length.
        list: &'static str,
        /// Tensors in the first list.
        expected: usize,
        /// Tensors in this one.
        found: usize,
    },
    /// A rank is not one of its group's.
    #[error("rank {rank} of {size} processes: ranks count from 0")]
    Rank {
        /// Rank.
        rank: usize,
        /// Processes in all.
        size: usize,
    },
    /// The ranks of a group cannot meet.
    #[error("no other process can be met at {host}, port {port}: another program may use that port")]
    Meet {
        /// Machine.
        host: String,
        /// Port.
        port: u16,
        /// Cause.
        source: TchError,
    },
    /// A rank has ended, or has given no sign of life after a time-out.
    #[error("{who} has ended or does not answer: its own message says why")]
    Lost {
        /// The ranks, or the launcher.
        who: String,
        /// What failed meanwhile.
        source: TchError,
    },
    /// A network has more numbers than [`Params`](crate::Params) holds, or a tensor of a size below 0.
    #[error("`{name}` cannot have the shape {shape:?}: a network has at most {limit} numbers")]
    TooLarge {
        /// The tensor that goes beyond the limit.
        name: String,
        /// Its shape.
        shape: Vec<i64>,
        /// Most numbers in all tensors of a network together.
        limit: u64,
    },
    /// Two parameters or buffers have one name.
    #[error("`{name}` is defined twice")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// An initialiser cannot fill this shape.
    #[error("`{name}`: {init} cannot fill the shape {shape:?}")]
    Init {
        /// Parameter.
        name: String,
        /// Initialiser.
        init: &'static str,
        /// Shape asked for.
        shape: Vec<i64>,
    },
    /// A weight file cannot be read or written.
    #[error("{path} cannot be read or written", path = path.display())]
    Io {
        /// File.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// A file is not safetensors, or is cut short.
    #[error("{path} is not a whole safetensors file", path = path.display())]
    Format {
        /// File.
        path: PathBuf,
        /// Cause.
        source: safetensors::SafeTensorError,
    },
    /// A tensor has a kind of number that the format or this crate does not know.
    #[error("{path}: `{name}` is of kind {kind}, which is not supported", path = path.display())]
    Kind {
        /// File.
        path: PathBuf,
        /// Tensor.
        name: String,
        /// Kind.
        kind: String,
    },
    /// A file is not a state dictionary of PyTorch.
    #[error("{path}: {source}", path = path.display())]
    StateDict {
        /// File.
        path: PathBuf,
        /// Cause.
        source: StateDictError,
    },
    /// The names, shapes or kinds in a file are not those of the network.
    #[error("the tensors in {path} do not fit:\n{differences}", path = path.display())]
    Mismatch {
        /// File.
        path: PathBuf,
        /// One line for each difference.
        differences: Differences,
    },
}

impl From<TchError> for Error {
    fn from(error: TchError) -> Self {
        Self::Torch(brief(error))
    }
}

/// LibTorch's error cut to its first line: what follows is its C++ call stack.
pub fn brief(error: TchError) -> TchError {
    match error {
        TchError::Torch(text) => {
            let message = text.split("Exception raised from").next().unwrap_or_default().trim();
            TchError::Torch(message.lines().next().unwrap_or_default().trim_end().to_owned())
        }
        other => other,
    }
}

/// Differences between a file and a network, one per line when printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differences(pub Vec<Difference>);

impl std::fmt::Display for Differences {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, difference) in self.0.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "  {difference}")?;
        }
        Ok(())
    }
}

/// One difference between a file and a network.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// The network has it, the file does not.
    Missing(String),
    /// The file has it, the network does not.
    Extra(String),
    /// Shape or kind differ.
    Differs {
        /// Tensor.
        name: String,
        /// What the network has.
        expected: String,
        /// What the file has.
        found: String,
    },
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "missing: {name}"),
            Self::Extra(name) => write!(f, "not in the network: {name}"),
            Self::Differs { name, expected, found } => write!(f, "{name}: expected {expected}, found {found}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Kind, Tensor};

    #[test]
    fn errors_have_no_call_stack() {
        let ones = |n: i64| Tensor::ones([n, n], (Kind::Float, tch::Device::Cpu));
        let raw = ones(2).f_matmul(&ones(3)).unwrap_err();
        assert!(raw.to_string().contains("Exception raised from"), "{raw}");
        let ours = Error::from(raw).to_string();
        assert_eq!(ours, "Internal torch error: mat1 and mat2 shapes cannot be multiplied (2x2 and 3x3)");
    }
}
