//! Weight files of PyTorch: `torch.save(model.state_dict(), path)`.
//!
//! Such a file is a zip archive of stored members: a pickle that describes the dictionary, and the numbers of each
//! storage. A pickle is a program; this reader knows the few instructions and names that a dictionary of tensors needs,
//! runs nothing, and refuses everything else with an error that names it.

mod archive;
mod error;
mod pickle;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use tch::{Kind, Tensor};

use crate::Error;
use crate::file::Tensors;
use crate::params::numel;
use archive::Archive;
pub use error::StateDictError;
use pickle::Recipe;

/// Reads the tensors of a state dictionary, for [`Tensors::load_into`].
///
/// The file must hold the dictionary itself. From a checkpoint that holds it beside other things, or a whole module,
/// save it in Python first: `torch.save(torch.load(path)["state_dict"], "state_dict.pt")`. Tensors that share a storage
/// are copied each; together they may have eight times the bytes of the file.
///
/// ```
/// use promoter_torch::state_dict;
/// let error = state_dict::read("none.pt".as_ref()).unwrap_err();
/// assert_eq!(error.to_string(), "none.pt cannot be read or written");
/// ```
///
/// # Errors
/// [`Error::Io`], [`Error::StateDict`] for a file of another kind or content, [`Error::Torch`].
pub fn read(path: &Path) -> Result<Tensors, Error> {
    let bytes = std::fs::read(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    let refuse = |source| Error::StateDict { path: path.to_owned(), source };
    let archive = Archive::open(&bytes).map_err(refuse)?;
    if let Some(order) = archive.find("byteorder").map_err(refuse)?
        && order != b"little"
    {
        return Err(refuse(StateDictError::ByteOrder));
    }
    let recipes = pickle::read(archive.get("data.pkl").map_err(refuse)?).map_err(refuse)?;
    check_total(&recipes, bytes.len() as u64).map_err(refuse)?;
    let mut storages = BTreeMap::new();
    let mut out = Tensors::default();
    for (name, recipe) in &recipes {
        let storage = match storages.entry(&recipe.storage) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let numbers = storage_bytes(&archive, name, recipe).map_err(refuse)?;
                new.insert(Tensor::f_from_data_size(numbers, &[recipe.numel], recipe.kind)?)
            }
        };
        if !recipe.lies_in(storage) {
            return Err(refuse(recipe.out_of_bounds(name)));
        }
        if out.tensors.contains_key(name) {
            return Err(refuse(StateDictError::Duplicate { name: name.clone() }));
        }
        out.insert(name, &storage.f_as_strided(&recipe.size, &recipe.stride, recipe.offset)?)?;
    }
    Ok(out)
}

/// Bytes of tensors that a file may have for each of its own. Several names may share a storage, as tied weights do,
/// and each gets a copy: without a limit a small file could fill the memory.
const MOST_COPIES: u64 = 8;

/// Refuses dictionaries that are far larger than their file, before anything is copied.
fn check_total(recipes: &[(String, Recipe)], file: u64) -> Result<(), StateDictError> {
    let mut total = 0u64;
    for (name, recipe) in recipes {
        let bytes = recipe.bytes().ok_or_else(|| recipe.out_of_bounds(name))?;
        total = total.saturating_add(bytes);
    }
    let limit = file.saturating_mul(MOST_COPIES);
    if total > limit {
        return Err(StateDictError::TooLarge { total, file, limit });
    }
    Ok(())
}

impl Recipe {
    /// Bytes of the tensor by itself.
    fn bytes(&self) -> Option<u64> {
        numel(&self.size)?.checked_mul(self.kind.elt_size_in_bytes() as u64)
    }

    fn out_of_bounds(&self, name: &str) -> StateDictError {
        StateDictError::Bounds { name: name.to_owned(), storage: self.storage.clone() }
    }

    /// Whether the tensor lies within its storage; one that repeats its numbers could be of any size.
    fn lies_in(&self, storage: &Tensor) -> bool {
        let held = storage.numel() as i64;
        let fits = || -> Option<bool> {
            if self.size.len() != self.stride.len() || self.offset < 0 {
                return None;
            }
            let (mut numel, mut last) = (1i64, self.offset);
            for (&n, &stride) in self.size.iter().zip(&self.stride) {
                if n < 0 || stride < 0 {
                    return None;
                }
                numel = numel.checked_mul(n)?;
                last = last.checked_add((n - 1).max(0).checked_mul(stride)?)?;
            }
            Some(numel == 0 || (last < held && numel <= held))
        };
        self.kind == storage.kind() && self.numel == held && fits() == Some(true)
    }
}

/// The bytes of the storage that a tensor lies in, when they are as many as the pickle says.
fn storage_bytes<'a>(archive: &Archive<'a>, name: &str, recipe: &Recipe) -> Result<&'a [u8], StateDictError> {
    let bytes = archive.get(&format!("data/{}", recipe.storage))?;
    let of_one = recipe.kind.elt_size_in_bytes();
    match bytes.len() % of_one == 0 && (bytes.len() / of_one) as i64 == recipe.numel {
        true => Ok(bytes),
        false => Err(recipe.out_of_bounds(name)),
    }
}

/// The kind of number of a storage class of PyTorch.
fn kind(class: &str) -> Option<Kind> {
    Some(match class {
        "FloatStorage" => Kind::Float,
        "DoubleStorage" => Kind::Double,
        "HalfStorage" => Kind::Half,
        "BFloat16Storage" => Kind::BFloat16,
        "LongStorage" => Kind::Int64,
        "IntStorage" => Kind::Int,
        "ByteStorage" => Kind::Uint8,
        "BoolStorage" => Kind::Bool,
        _ => return None,
    })
}
