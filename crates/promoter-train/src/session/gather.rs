//! What every rank has found of its batches, put together on all of them.

use promoter_torch::distributed::Group;
use tch::{Kind, TchError, Tensor};

use crate::Error;
use crate::error::Doing;
use crate::objective::Found;

/// What was found of all batches, in their order: batch i is rank i's, modulo the number of ranks.
///
/// # Errors
/// [`Error::Params`] when a rank is lost, [`Error::Torch`].
pub(super) fn found(group: &Group, own: Vec<Found>) -> Result<Vec<Found>, Error> {
    if group.is_alone() {
        return Ok(own);
    }
    let bytes = own.iter().map(to_bytes).collect::<Result<Vec<_>, _>>().doing("gathering predictions")?;
    let told = group.gather(&bytes.concat())?;
    let mut ranks: Vec<_> = told.iter().map(|bytes| Parts(bytes)).collect();
    let mut all = Vec::new();
    for rank in (0..group.size()).cycle() {
        match ranks[rank].next() {
            Some(found) => all.push(found.doing("gathering predictions")?),
            None => break,
        }
    }
    Ok(all)
}

/// Number of predictions, labels, predictions, loss, weight.
fn to_bytes(found: &Found) -> Result<Vec<u8>, TchError> {
    let values =
        |tensor: &Tensor| Vec::<f32>::try_from(tensor.f_to_kind(Kind::Float)?.f_contiguous()?.f_flatten(0, -1)?);
    let (truth, prediction) = (values(&found.truth)?, values(&found.prediction)?);
    let scalars = [found.loss.f_double_value(&[])?, found.weight.f_double_value(&[])?];
    let mut bytes = (truth.len() as u64).to_le_bytes().to_vec();
    bytes.extend(truth.iter().chain(&prediction).flat_map(|value| value.to_le_bytes()));
    bytes.extend(scalars.iter().flat_map(|value| value.to_le_bytes()));
    Ok(bytes)
}

/// What a rank has found, batch after batch.
struct Parts<'a>(&'a [u8]);

impl Parts<'_> {
    fn values(&mut self, n: usize) -> Result<Tensor, TchError> {
        let (values, rest) = self.0.split_at((4 * n).min(self.0.len()));
        self.0 = rest;
        let values: Vec<f32> = values.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        Tensor::f_from_slice(&values)
    }

    fn scalar(&mut self) -> [u8; 8] {
        let (bytes, rest) = self.0.split_first_chunk().unwrap_or((&[0; 8], &[]));
        self.0 = rest;
        *bytes
    }

    fn part(&mut self) -> Result<Found, TchError> {
        let n = u64::from_le_bytes(self.scalar()) as usize;
        let (truth, prediction) = (self.values(n)?, self.values(n)?);
        let mut scalar = || Tensor::from(f64::from_le_bytes(self.scalar()));
        Ok(Found { truth, prediction, loss: scalar(), weight: scalar() })
    }
}

impl Iterator for Parts<'_> {
    type Item = Result<Found, TchError>;

    fn next(&mut self) -> Option<Self::Item> {
        (!self.0.is_empty()).then(|| self.part())
    }
}
