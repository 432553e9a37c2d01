//! Weight files: safetensors, written whole or not at all, loaded only when everything fits.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use promoter_encode::file::write_whole;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use tch::{Device, Kind, Tensor};

use crate::error::{Difference, Differences};
use crate::params::Planned;
use crate::{Error, Params};

/// Key of the one metadata entry. One key only: the format keeps several in no order, and equal files must have equal
/// bytes.
const METADATA_KEY: &str = "promoter";

/// Tensors by name, with a text that describes them (JSON by convention).
#[derive(Debug, Default)]
pub struct Tensors {
    /// Tensors on the host.
    pub tensors: BTreeMap<String, Tensor>,
    /// Description.
    pub metadata: String,
}

impl Tensors {
    /// Copies of all parameters and buffers, on the host.
    ///
    /// # Errors
    /// [`Error::Torch`] when a copy fails.
    pub fn of(params: &Params) -> Result<Self, Error> {
        let mut out = Self::default();
        for entry in params.entries() {
            out.insert(&entry.name, &entry.tensor)?;
        }
        Ok(out)
    }

    /// Adds a copy of a tensor, on the host.
    ///
    /// # Errors
    /// [`Error::Torch`] when the copy fails.
    pub fn insert(&mut self, name: &str, tensor: &Tensor) -> Result<(), Error> {
        let _guard = tch::no_grad_guard();
        let mut copy = Tensor::f_empty(tensor.size(), (tensor.kind(), Device::Cpu))?;
        copy.f_copy_(tensor)?;
        self.tensors.insert(name.to_owned(), copy);
        Ok(())
    }

    /// Brings tensors of f32 with two axes or more to f16, half the size and three digits of each number; those with
    /// a number beyond f16 stay. Biases and norms, of one axis, are few and stay too. [`widen`](Self::widen) turns it
    /// back.
    ///
    /// # Errors
    /// [`Error::Torch`] when a copy fails.
    ///
    /// ```
    /// use promoter_torch::file::Tensors;
    /// use tch::{Kind, Tensor};
    /// let mut tensors = Tensors::default();
    /// tensors.insert("weight", &Tensor::from_slice2(&[[1.5f32, -0.25]]))?;
    /// tensors.insert("bias", &Tensor::from_slice(&[1.0f32]))?;
    /// tensors.narrow()?;
    /// assert_eq!((tensors.tensors["weight"].kind(), tensors.tensors["bias"].kind()), (Kind::Half, Kind::Float));
    /// tensors.widen()?;
    /// assert_eq!(Vec::<f32>::try_from(tensors.tensors["weight"].flatten(0, 1))?, [1.5, -0.25]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn narrow(&mut self) -> Result<(), Error> {
        for tensor in self.tensors.values_mut().filter(|t| t.kind() == Kind::Float && t.dim() > 1) {
            let half = tensor.f_to_kind(Kind::Half)?;
            if half.f_isfinite()?.f_all()?.f_int64_value(&[])? == 1 {
                *tensor = half;
            }
        }
        Ok(())
    }

    /// Brings tensors of f16 to f32.
    ///
    /// # Errors
    /// [`Error::Torch`] when a copy fails.
    pub fn widen(&mut self) -> Result<(), Error> {
        for tensor in self.tensors.values_mut().filter(|t| t.kind() == Kind::Half) {
            *tensor = tensor.f_to_kind(Kind::Float)?;
        }
        Ok(())
    }

    /// Writes a safetensors file: under a temporary name first, then renamed.
    ///
    /// # Errors
    /// [`Error::Io`] when the file cannot be written, [`Error::Kind`] for a kind that the format lacks.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let bytes = self.to_bytes(path)?;
        write_whole(path, &bytes).map_err(|source| Error::Io { path: path.to_owned(), source })
    }

    fn to_bytes(&self, path: &Path) -> Result<Vec<u8>, Error> {
        let format = |source| Error::Format { path: path.to_owned(), source };
        let mut raw = Vec::with_capacity(self.tensors.len());
        for (name, tensor) in &self.tensors {
            let kind = tensor.kind();
            let dtype = dtype(kind).ok_or_else(|| unknown_kind(path, name, format_args!("{kind:?}")))?;
            let mut bytes = vec![0u8; tensor.numel() * kind.elt_size_in_bytes()];
            tensor.f_copy_data_u8(&mut bytes, tensor.numel())?;
            let shape: Vec<usize> = tensor.size().iter().map(|&n| n as usize).collect();
            raw.push((name, dtype, shape, bytes));
        }
        let mut views = Vec::with_capacity(raw.len());
        for (name, dtype, shape, bytes) in &raw {
            views.push((name.as_str(), TensorView::new(*dtype, shape.clone(), bytes).map_err(format)?));
        }
        #[allow(clippy::disallowed_types, reason = "safetensors asks for it; it holds one key")]
        let metadata = std::collections::HashMap::from([(METADATA_KEY.to_owned(), self.metadata.clone())]);
        safetensors::serialize(views, Some(metadata)).map_err(format)
    }

    /// Reads a safetensors file, ours or another's (then without description).
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Format`], [`Error::Kind`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = std::fs::read(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
        Self::from_bytes(&bytes, path)
    }

    /// Reads the contents of a safetensors file; `path` is for messages.
    ///
    /// # Errors
    /// [`Error::Format`], [`Error::Kind`].
    pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<Self, Error> {
        let format = |source| Error::Format { path: path.to_owned(), source };
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(format)?;
        let metadata = header.metadata().as_ref().and_then(|m| m.get(METADATA_KEY)).cloned().unwrap_or_default();
        let mut tensors = BTreeMap::new();
        for (name, view) in SafeTensors::deserialize(bytes).map_err(format)?.tensors() {
            let kind =
                kind(view.dtype()).ok_or_else(|| unknown_kind(path, &name, format_args!("{:?}", view.dtype())))?;
            let shape: Vec<i64> = view.shape().iter().map(|&n| n as i64).collect();
            tensors.insert(name, Tensor::f_from_data_size(view.data(), &shape, kind)?);
        }
        Ok(Self { tensors, metadata })
    }

    /// What keeps the tensors from fitting a network, by the network's [plan](Params::plan): nothing need be built for
    /// it.
    ///
    /// ```
    /// use promoter_torch::file::Tensors;
    /// use promoter_torch::{Init, Params};
    /// let mut params = Params::planned();
    /// params.root().parameter("head.bias", &[18], Init::ZEROS)?;
    /// let differences = Tensors::default().compare(&params.plan());
    /// assert_eq!(differences.to_string(), "  missing: head.bias");
    /// # Ok::<(), promoter_torch::Error>(())
    /// ```
    pub fn compare(&self, plan: &[Planned]) -> Differences {
        self.differences(plan, &|_| true)
    }

    fn differences(&self, plan: &[Planned], chosen: &dyn Fn(&str) -> bool) -> Differences {
        let mut differences = Vec::new();
        let mut known = BTreeSet::new();
        for planned in plan.iter().filter(|planned| chosen(&planned.name)) {
            let name = planned.name.clone();
            let expected = describe(planned.kind, &planned.shape);
            known.insert(planned.name.as_str());
            match self.tensors.get(&name).map(|tensor| describe(tensor.kind(), &tensor.size())) {
                None => differences.push(Difference::Missing(name)),
                Some(found) if found != expected => differences.push(Difference::Differs { name, expected, found }),
                Some(_) => {}
            }
        }
        let extra = self.tensors.keys().filter(|name| chosen(name) && !known.contains(name.as_str()));
        differences.extend(extra.cloned().map(Difference::Extra));
        Differences(differences)
    }

    /// Copies the values into a network's parameters and buffers.
    ///
    /// # Errors
    /// [`Error::Mismatch`] with every difference, and nothing copied, unless names, shapes and kinds all match;
    /// `path` is named in it.
    pub fn load_into(&self, params: &Params, path: &Path) -> Result<(), Error> {
        self.load_chosen(params, path, |_| true)
    }

    /// As [`load_into`](Self::load_into), for the tensors whose names `chosen` accepts: no others are looked at,
    /// neither the network's nor the file's.
    ///
    /// # Errors
    /// [`Error::Mismatch`] with every difference, and nothing copied.
    pub fn load_chosen(&self, params: &Params, path: &Path, chosen: impl Fn(&str) -> bool) -> Result<(), Error> {
        let differences = self.differences(&params.plan(), &chosen);
        if !differences.0.is_empty() {
            return Err(Error::Mismatch { path: path.to_owned(), differences });
        }
        let _guard = tch::no_grad_guard();
        for entry in params.entries().iter().filter(|entry| chosen(&entry.name)) {
            if let Some(values) = self.tensors.get(&entry.name) {
                entry.tensor.shallow_clone().f_copy_(values)?;
            }
        }
        Ok(())
    }
}

fn unknown_kind(path: &Path, name: &str, kind: std::fmt::Arguments<'_>) -> Error {
    Error::Kind { path: path.to_owned(), name: name.to_owned(), kind: kind.to_string() }
}

fn describe(kind: Kind, shape: &[i64]) -> String {
    format!("{kind:?} {shape:?}")
}

fn dtype(kind: Kind) -> Option<Dtype> {
    Some(match kind {
        Kind::Float => Dtype::F32,
        Kind::Double => Dtype::F64,
        Kind::Half => Dtype::F16,
        Kind::BFloat16 => Dtype::BF16,
        Kind::Int64 => Dtype::I64,
        Kind::Int => Dtype::I32,
        Kind::Uint8 => Dtype::U8,
        Kind::Bool => Dtype::BOOL,
        _ => return None,
    })
}

fn kind(of: Dtype) -> Option<Kind> {
    [Kind::Float, Kind::Double, Kind::Half, Kind::BFloat16, Kind::Int64, Kind::Int, Kind::Uint8, Kind::Bool]
        .into_iter()
        .find(|&kind| dtype(kind) == Some(of))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Init;

    fn params(names: &[(&str, i64)]) -> Params {
        let mut params = Params::new(Device::Cpu, 1);
        for (name, n) in names {
            let _ = params.root().parameter(name, &[*n], Init::sonnet(4)).unwrap();
        }
        let _ = params.root().counter("steps").unwrap();
        params
    }

    #[test]
    fn what_is_written_is_read_back_and_equal_files_have_equal_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a.safetensors"), folder.path().join("b.safetensors"));
        let params = params(&[("w", 5), ("b", 2)]);
        let mut tensors = Tensors::of(&params).unwrap();
        tensors.metadata = "{\"x\":1}".into();
        tensors.write(&a).unwrap();
        tensors.write(&b).unwrap();
        assert_eq!(std::fs::read(&a).unwrap(), std::fs::read(&b).unwrap());
        let back = Tensors::read(&a).unwrap();
        assert_eq!(back.metadata, tensors.metadata);
        assert_eq!(back.tensors["w"], tensors.tensors["w"]);
        let other = params_with_other_seed();
        back.load_into(&other, &a).unwrap();
        assert_eq!(other.get("w").unwrap(), params.get("w").unwrap());
        assert!(other.get("w").unwrap().requires_grad());
    }

    fn params_with_other_seed() -> Params {
        let mut params = Params::new(Device::Cpu, 2);
        let _ = params.root().parameter("w", &[5], Init::sonnet(4)).unwrap();
        let _ = params.root().parameter("b", &[2], Init::sonnet(4)).unwrap();
        let _ = params.root().counter("steps").unwrap();
        params
    }

    #[test]
    fn every_difference_is_listed_and_nothing_is_copied() {
        let tensors = Tensors::of(&params(&[("same", 3), ("extra", 1), ("shape", 2)])).unwrap();
        let target = params(&[("same", 3), ("shape", 4), ("gone", 1)]);
        let before = target.get("same").unwrap().copy();
        let error = tensors.load_into(&target, Path::new("w.safetensors")).unwrap_err().to_string();
        assert_eq!(
            error,
            "the tensors in w.safetensors do not fit:\n  shape: expected Float [4], found Float [2]\n  \
             missing: gone\n  not in the network: extra"
        );
        assert_eq!(target.get("same").unwrap(), &before);
    }

    #[test]
    fn what_is_not_chosen_is_not_looked_at() {
        let mut tensors = Tensors::of(&params(&[("body", 3), ("head", 2), ("old", 1)])).unwrap();
        let _ = tensors.tensors.get_mut("body").unwrap().fill_(7.0);
        let target = params(&[("body", 3), ("head", 4), ("new", 1)]);
        let before = target.get("head").unwrap().copy();
        let path = Path::new("w.safetensors");
        tensors.load_chosen(&target, path, |name| !["head", "old", "new"].contains(&name)).unwrap();
        assert_eq!(Vec::<f32>::try_from(target.get("body").unwrap()).unwrap(), [7.0; 3]);
        assert_eq!(target.get("head").unwrap(), &before);
        let error = tensors.load_chosen(&target, path, |name| name != "head").unwrap_err().to_string();
        assert!(error.ends_with("missing: new\n  not in the network: old"), "{error}");
    }

    #[test]
    fn a_file_cut_in_half_or_of_another_format_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.safetensors");
        Tensors::of(&params(&[("w", 500)])).unwrap().write(&path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        for broken in [&bytes[..bytes.len() / 2], b"PK\x03\x04 a pickle", b""] {
            std::fs::write(&path, broken).unwrap();
            let error = Tensors::read(&path).unwrap_err();
            assert!(matches!(error, Error::Format { .. }), "{error}");
        }
        assert!(matches!(Tensors::read(&folder.path().join("none")).unwrap_err(), Error::Io { .. }));
    }
}
