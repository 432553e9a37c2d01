//! The batches of an order, one after the other.

use tch::{TchError, Tensor};

use super::encoder::{Encoder, View};
use super::feed::Feed;
use super::order::Order;
use super::rows::Rows;
use super::share::Share;
use super::{draws, mutation};
use crate::Error;
use crate::error::Doing;

/// Encoded rows with their labels.
#[derive(Debug)]
pub struct Batch {
    /// Input of the network, (n, L, C) f32.
    pub x: Tensor,
    /// Transformed labels, (n,) or (n, columns) f32; NaN for one of several that is missing.
    pub labels: Tensor,
    /// What names each copy of a row in the order, (n,) i64: random numbers of a row are drawn from it.
    items: Tensor,
    /// Key of what is masked.
    masks: i64,
    /// Rows of all ranks' shares together.
    all: usize,
}

impl Batch {
    /// Rows of all ranks' shares of the batch together, its own among them.
    pub fn all_rows(&self) -> usize {
        self.all
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.items.numel()
    }

    /// Uniform numbers in 0..1 from which a row's masks follow, `draws` for each row. They do not depend on the batch.
    ///
    /// # Shapes
    /// (n, draws) f32.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub fn masks(&self, draws: i64) -> Result<Tensor, Error> {
        draws::uniform(&self.items, draws, self.masks).doing("drawing masks")
    }

    /// Rows `from..from + n`; they share the batch's memory.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub fn piece(&self, from: usize, n: usize) -> Result<Self, Error> {
        let part = |tensor: &Tensor| tensor.f_narrow(0, from as i64, n as i64);
        let cut = || -> Result<Self, TchError> {
            let Self { x, labels, items, masks, all } = self;
            Ok(Self { x: part(x)?, labels: part(labels)?, items: part(items)?, masks: *masks, all: *all })
        };
        cut().doing("cutting a batch")
    }
}

/// The batches of an order, one after the other: gathered or received, mutated, turned and encoded on the device.
#[derive(Debug)]
pub struct Batches<'a> {
    rows: &'a Rows,
    order: &'a Order,
    encoder: &'a Encoder,
    next: usize,
    size: usize,
    share: Share,
    /// Of rows that are not on the device; it starts with the first batch.
    feed: Option<Feed>,
}

impl<'a> Batches<'a> {
    /// The batches from item `from` of an order on, `size` items each; the last one has what is left.
    pub fn new(rows: &'a Rows, order: &'a Order, encoder: &'a Encoder, from: usize, size: usize) -> Self {
        Self { rows, order, encoder, next: from, size, share: Share::default(), feed: None }
    }

    /// The same batches, but of each only the share of one rank.
    pub fn shared(self, share: Share) -> Self {
        Self { share, ..self }
    }

    fn batch(&mut self, all: usize) -> Result<Batch, Error> {
        let Self { rows, order, encoder, next: from, share, .. } = *self;
        let n = share.rows(all);
        let items = order.items(from, all).and_then(|items| share.of(&items)).doing("gathering a batch")?;
        let row = order.rows(&items).doing("gathering a batch")?;
        let mut codes = match rows.gather(&row)? {
            Some(codes) => codes,
            None if n == 0 => rows.codes(0, 0)?,
            None => self.feed()?.take(n)?,
        };
        let (rate, key) = order.mutation();
        if rate > 0.0 {
            codes = mutation::mutate(&codes, &items, key, rate).doing("mutating a batch")?;
        }
        let view = || -> Result<View, TchError> {
            let (shift, reverse) = order.moves(&items)?;
            let singleton = rows.singleton().map(|singleton| singleton.f_index_select(0, &row));
            Ok(View { shift, reverse, singleton: singleton.transpose()? })
        };
        let view = view().doing("gathering a batch")?;
        let labels = rows.labels().f_index_select(0, &row).doing("gathering a batch")?;
        self.next += all;
        Ok(Batch { x: encoder.encode(&codes, &view)?, labels, items, masks: order.mask_key(), all })
    }

    /// The feed of rows that are on the host, started at the item that comes next.
    fn feed(&mut self) -> Result<&mut Feed, Error> {
        let feed = match (self.feed.take(), self.rows.host()) {
            (Some(feed), _) => feed,
            (None, Some(host)) => {
                let rows = self.order.host_rows(self.next)?;
                let shares = rows.chunks(self.size).flat_map(|batch| self.share.each(batch)).collect();
                Feed::start(host.clone(), shares, self.share.rows(self.size))
            }
            (None, None) => return Err(Error::Feed { item: self.next }),
        };
        Ok(self.feed.insert(feed))
    }
}

impl Iterator for Batches<'_> {
    type Item = Result<Batch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let n = self.size.min(self.order.len().saturating_sub(self.next));
        (n > 0).then(|| self.batch(n))
    }
}
