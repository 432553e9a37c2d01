//! Pre-training: which tokens are masked, and what the network makes of them.

use tch::{Kind, TchError, Tensor};

use super::Bert;
use crate::error::InLayer;
use crate::{Error, Mode};

/// What cross-entropy leaves out.
const IGNORED: i64 = -100;

impl Bert {
    /// Numbers that are drawn for a row to choose its masks.
    pub fn draws(&self) -> i64 {
        self.positions.size()[0] + 1
    }

    /// Masks runs of k neighbours: no masked token can be read off those outside its run. Each row has as many whole
    /// runs as make `share` of its tokens on average, and one at least; they do not overlap. All places that this
    /// leaves are equally likely.
    ///
    /// The result depends on `draws` alone, and its shape does not: nothing waits for the device.
    ///
    /// # Shapes
    /// (B, [`draws`](Self::draws)) uniform in 0..1 to (B, M) i64 places of tokens and (B, M) bool, whether they are
    /// masked.
    ///
    /// # Errors
    /// [`Error::Layer`].
    ///
    /// # Source
    /// Ji et al. 2021: runs of k, 15 % of the tokens. DNABERT leaves a tenth of them as they are and changes another
    /// tenth at random; here all are masked.
    pub fn runs(&self, draws: &Tensor, share: f64) -> Result<(Tensor, Tensor), Error> {
        self.choose(draws, share).in_layer("masked")
    }

    fn choose(&self, draws: &Tensor, share: f64) -> Result<(Tensor, Tensor), TchError> {
        let (tokens, k) = (self.positions.size()[0], self.config.k);
        let wanted = (share * tokens as f64 / k as f64).clamp(1.0, (tokens / k).max(1) as f64);
        let runs = wanted.ceil() as i64;
        // With every run drawn together to one token, any tokens may be runs.
        let slots = (tokens - runs * (k - 1)).max(1);
        let (_, chosen) = draws.f_narrow(1, 0, slots)?.f_topk(runs, 1, true, true)?;
        // The last of them, of which none is like another yet, is there in some rows only.
        let last = draws.f_narrow(1, tokens, 1)?.f_lt(wanted - (runs - 1) as f64)?;
        let others = last.f_ones_like()?.f_expand([-1, runs - 1], false)?;
        let there = Tensor::f_cat(&[&others, &last], 1)?;
        let (sorted, order) = chosen.f_sort(1, false)?;
        let integers = |n| Tensor::f_arange(n, (Kind::Int64, draws.device()));
        let first = sorted.f_add(&integers(runs)?.f_mul_scalar(k - 1)?)?;
        // A sequence shorter than two k has fewer tokens than a run.
        let width = k.min(tokens);
        let places = first.f_unsqueeze(2)?.f_add(&integers(width)?)?.f_flatten(1, 2)?;
        let there = there.f_gather(1, &order, false)?.f_unsqueeze(2)?.f_expand([-1, -1, width], false)?;
        Ok((places, there.f_flatten(1, 2)?))
    }

    /// Logits of masked tokens, and the k-mers that they were: the loss is the cross-entropy of the two.
    ///
    /// # Shapes
    /// (B, L, 4) and draws as [`runs`](Self::runs) takes them to (B M, 4^k) and (B M,) i64; -100, which cross-entropy
    /// leaves out, for a token that is not masked or has an unknown base.
    ///
    /// # Errors
    /// [`Error::Input`], [`Error::Layer`].
    pub fn masked(&self, x: &Tensor, draws: &Tensor, share: f64, mode: Mode) -> Result<(Tensor, Tensor), Error> {
        let tokens = self.tokens(x)?;
        let (places, there) = self.runs(draws, share)?;
        let mask = tokens.f_zeros_like().and_then(|none| none.f_to_kind(Kind::Bool)?.f_scatter(1, &places, &there));
        let hidden = self.encode_masked(&tokens, &mask.in_layer("masked")?, mode)?;
        let select = || {
            let index = places.f_unsqueeze(2)?.f_expand([-1, -1, self.config.channels], false)?;
            let kmers = tokens.f_gather(1, &places, false)?;
            let left_out = kmers.f_ge(self.kmers())?.f_logical_or(&there.f_logical_not()?)?;
            Ok((hidden.f_gather(1, &index, false)?, kmers.f_masked_fill(&left_out, IGNORED)?.f_flatten(0, 1)?))
        };
        let (hidden, kmers) = select().in_layer("masked")?;
        Ok((self.vocabulary(&hidden)?.f_flatten(0, 1).in_layer("masked")?, kmers))
    }

    /// For each token the logits of what it was before masking.
    ///
    /// # Shapes
    /// (B, L, 4) and (B, L - k + 1) bool to (B, L - k + 1, 4^k).
    ///
    /// # Errors
    /// [`Error::Input`], [`Error::Layer`].
    pub fn masked_logits(&self, x: &Tensor, masked: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let hidden = self.encode_masked(&self.tokens(x)?, masked, mode)?;
        self.vocabulary(&hidden)
    }

    fn kmers(&self) -> i64 {
        self.vocabulary_bias.size()[0]
    }

    fn encode_masked(&self, tokens: &Tensor, masked: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        self.encode(&tokens.f_masked_fill(masked, self.kmers() + 1).in_layer("masked")?, mode)
    }

    /// (B, T, C) to (B, T, 4^k).
    fn vocabulary(&self, hidden: &Tensor) -> Result<Tensor, Error> {
        let hidden = self.transform.forward(hidden)?.f_gelu("none").in_layer("masked")?;
        let hidden = self.transform_norm.forward(&hidden)?;
        // The output weights are the embedding's.
        self.tokens
            .f_narrow(0, 0, self.kmers())
            .and_then(|weights| hidden.f_linear(&weights, Some(&self.vocabulary_bias)))
            .in_layer("masked")
    }
}
