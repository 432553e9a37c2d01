//! Weights: safetensors and PyTorch's state dictionaries.

use std::path::Path;

use promoter::encode::embed::io::{Format, read};
use promoter::torch::file::Tensors;
use promoter::torch::state_dict;

use crate::scratch;

pub(crate) fn safetensors(data: &[u8]) {
    let _ = Tensors::from_bytes(data, Path::new("input.safetensors"));
    let _ = read(data, Format::Safetensors);
}

pub(crate) fn state_dict(data: &[u8]) {
    let _ = state_dict::read(&scratch::file("input.pt", data));
}
