//! Weight files of PyTorch: `torch.save(model.state_dict(), path)`.
//!
//! Such a file is a zip archive of stored members: a pickle that describes the dictionary, and the numbers of each
//! storage. A pickle is a program; this reader knows the few instructions and names that a dictionary of tensors needs,
//! runs nothing, and refuses everything else with an error that names it.

mod archive;
mod error;
mod pickle;

use std::path::Path;

use tch::{Kind, Tensor};

use crate::Error;
use crate::file::Tensors;
use archive::Archive;
pub use error::StateDictError;
use pickle::Recipe;

/// Reads the tensors of a state dictionary, for [`Tensors::load_into`].
///
/// The file must hold the dictionary itself. From a checkpoint that holds it beside other things, or a whole module,
/// save it in Python first: `torch.save(torch.load(path)["state_dict"], "state_dict.pt")`.
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
    let mut out = Tensors::default();
    for (name, recipe) in recipes {
        let values = storage(&archive, &name, &recipe).map_err(refuse)?;
        let numel = values.len() / recipe.kind.elt_size_in_bytes();
        let storage = Tensor::f_from_data_size(values, &[numel as i64], recipe.kind)?;
        let tensor = storage.f_as_strided(&recipe.size, &recipe.stride, recipe.offset)?.f_contiguous()?;
        if out.tensors.insert(name.clone(), tensor).is_some() {
            return Err(refuse(StateDictError::Duplicate { name }));
        }
    }
    Ok(out)
}

/// The bytes of a tensor's storage, when the tensor lies within them.
fn storage<'a>(archive: &Archive<'a>, name: &str, recipe: &Recipe) -> Result<&'a [u8], StateDictError> {
    let bytes = archive.get(&format!("data/{}", recipe.storage))?;
    let held = (bytes.len() / recipe.kind.elt_size_in_bytes()) as i64;
    let fits = || -> Option<bool> {
        if recipe.size.len() != recipe.stride.len() || recipe.offset < 0 {
            return None;
        }
        let (mut numel, mut last) = (1i64, recipe.offset);
        for (&n, &stride) in recipe.size.iter().zip(&recipe.stride) {
            if n < 0 || stride < 0 {
                return None;
            }
            numel = numel.checked_mul(n)?;
            last = last.checked_add((n - 1).max(0).checked_mul(stride)?)?;
        }
        // A tensor that repeats its storage could be of any size.
        Some(numel == 0 || (last < held && numel <= held))
    };
    let whole = bytes.len() % recipe.kind.elt_size_in_bytes() == 0 && held == recipe.numel;
    if whole && fits() == Some(true) {
        return Ok(bytes);
    }
    Err(StateDictError::Bounds { name: name.to_owned(), storage: recipe.storage.clone() })
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
