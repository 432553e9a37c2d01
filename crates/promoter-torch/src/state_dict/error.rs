//! Errors of state dictionaries.

/// Why a file is not read as a state dictionary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StateDictError {
    /// No zip archive, or one that is cut short.
    #[error("no whole zip archive, as `torch.save` writes it since PyTorch 1.6")]
    Archive,
    /// A member is compressed or beyond 4 GiB, which `torch.save` does not do with members of this size.
    #[error("member `{name}` is not plainly stored")]
    Stored {
        /// Member.
        name: String,
    },
    /// A member has other bytes than were written.
    #[error("member `{name}` is damaged: its checksum differs")]
    Checksum {
        /// Member.
        name: String,
    },
    /// A member is not there.
    #[error("the member `{name}` is missing")]
    Missing {
        /// Member.
        name: String,
    },
    /// The numbers were written on a big-endian machine.
    #[error("the numbers are big-endian")]
    ByteOrder,
    /// The pickle ends early, or takes what is not there.
    #[error("the pickle breaks off at byte {at}")]
    Broken {
        /// Byte of the pickle.
        at: usize,
    },
    /// The pickle has an instruction that a dictionary of tensors does not need.
    #[error("the pickle has the instruction 0x{code:02x} at byte {at}, which a dictionary of tensors does not need")]
    Instruction {
        /// Instruction.
        code: u8,
        /// Byte of the pickle.
        at: usize,
    },
    /// The pickle names a class or function that a dictionary of tensors does not need.
    #[error("the pickle wants `{name}`, which a dictionary of tensors does not need; nothing was run")]
    Global {
        /// Module and name.
        name: String,
    },
    /// The pickle puts together something else than a dictionary of tensors.
    #[error("the pickle has {found} at byte {at}, expected {expected}")]
    Structure {
        /// Byte of the pickle.
        at: usize,
        /// What belongs there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// An entry of the dictionary is not a tensor.
    #[error("the entry `{name}` is not a tensor: the file holds more than a state dictionary")]
    Entry {
        /// Key.
        name: String,
    },
    /// Two entries have one name.
    #[error("`{name}` is there twice")]
    Duplicate {
        /// Key.
        name: String,
    },
    /// A tensor does not lie within its storage, or repeats it.
    #[error("`{name}` does not lie within its storage {storage}")]
    Bounds {
        /// Key.
        name: String,
        /// Storage.
        storage: String,
    },
    /// Many names share few storages: the tensors would fill far more memory than the file.
    #[error("the tensors would take {total} bytes of a file of {file} bytes, expected at most {limit}")]
    TooLarge {
        /// Bytes of all tensors.
        total: u64,
        /// Bytes of the file.
        file: u64,
        /// Most bytes that all tensors may take.
        limit: u64,
    },
}
