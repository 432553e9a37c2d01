//! Rows on the device: kept as base codes, gathered, shifted and encoded there.

use promoter_encode::base;
use promoter_encode::fit::Fit;
use promoter_encode::random::Stream;
use promoter_label::Fitted;
use promoter_seq::Table;
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use crate::Error;
use crate::error::Doing;
use crate::experiment::Encoding;

/// How training rows are varied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Augment {
    /// The window of each row moves by up to so many bases to either side.
    pub shift: usize,
    /// Whether an epoch has every shift of a row or one.
    pub shifts: Shifts,
}

/// Whether an epoch has every shift of a row or one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shifts {
    /// Every row comes in `2 shift + 1` copies.
    ///
    /// # Source
    /// Challenge report of Peppa, 2022, with a shift of 1.
    #[default]
    Stacked,
    /// Every row comes once, its shift drawn anew in each epoch.
    Random,
}

impl Augment {
    /// Copies of each row in one epoch.
    pub fn copies(&self) -> usize {
        match self.shifts {
            Shifts::Stacked => 2 * self.shift + 1,
            Shifts::Random => 1,
        }
    }
}

/// Rows of one length on a device.
#[derive(Debug)]
pub struct DeviceRows {
    codes: Tensor,
    labels: Tensor,
}

impl DeviceRows {
    /// Brings the rows to the encoding's length and sends them.
    ///
    /// # Errors
    /// [`Error::Row`] for a sequence that the length policy refuses, [`Error::Label`], [`Error::Torch`].
    pub fn new(table: &Table, encoding: &Encoding, label: &Fitted, device: Device) -> Result<Self, Error> {
        let Encoding::OneHot { fit, .. } = encoding;
        // Shifts need the bases beyond the window too.
        let whole = Fit { crop: None, ..fit.clone() };
        let mut codes = vec![0u8; table.len() * fit.length];
        for (row, out) in codes.chunks_exact_mut(fit.length).enumerate() {
            whole.codes_into(table.codes(row), out).map_err(|source| Error::Row { row, source })?;
        }
        let labels = label.apply(table.labels())?;
        let send = |tensor: Tensor| tensor.f_to_device(device).doing("sending rows to the device");
        Ok(Self {
            codes: send(Tensor::from_slice(&codes).view([table.len() as i64, fit.length as i64]))?,
            labels: send(Tensor::from_slice(&labels))?,
        })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.labels.numel()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Base codes of rows `from..from + n`, (n, length) u8.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub fn codes(&self, from: usize, n: usize) -> Result<Tensor, Error> {
        self.codes.f_narrow(0, from as i64, n as i64).doing("taking rows")
    }

    /// The same rows with other labels, (rows,) f32: those of an epoch with noise.
    pub(crate) fn with_labels(&self, labels: &[f32]) -> Result<Self, Error> {
        let labels = Tensor::f_from_slice(labels).and_then(|t| t.f_to_device(self.labels.device()));
        Ok(Self { codes: self.codes.shallow_clone(), labels: labels.doing("sending labels to the device")? })
    }

    /// Transformed labels of all rows, (rows,) f32.
    pub fn labels(&self) -> &Tensor {
        &self.labels
    }
}

/// From base codes to a network's input, on the device: each code's row of a table, for the positions of a window.
#[derive(Debug)]
pub struct Encoder {
    /// (16, C) f32.
    table: Tensor,
    /// Positions of the window, (L,) i64.
    window: Tensor,
}

impl Encoder {
    /// The encoder of an experiment.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub fn new(encoding: &Encoding, device: Device) -> Result<Self, Error> {
        let Encoding::OneHot { fit, policy } = encoding;
        let table = Tensor::f_from_slice(&policy.table())
            .and_then(|t| t.f_view([base::CODES as i64, policy.channels() as i64])?.f_to_device(device))
            .doing("encoder")?;
        let (start, end) = fit.crop.unwrap_or((0, fit.length));
        let window = Tensor::f_arange_start(start as i64, end as i64, (Kind::Int64, device)).doing("encoder")?;
        Ok(Self { table, window })
    }

    /// Encodes rows; `shift`, (B,) i64, moves the window of each.
    ///
    /// # Shapes
    /// (B, length) u8 to (B, L, C) f32.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub fn encode(&self, codes: &Tensor, shift: Option<&Tensor>) -> Result<Tensor, Error> {
        let window = match shift {
            None => codes.f_index_select(1, &self.window),
            Some(shift) => shift
                .f_unsqueeze(1)
                .and_then(|shift| codes.f_gather(1, &shift.f_add(&self.window.f_unsqueeze(0)?)?, false)),
        };
        let encoded =
            window.and_then(|codes| Tensor::f_embedding(&self.table, &codes.f_to_kind(Kind::Int)?, -1, false, false));
        encoded.doing("encoding rows")
    }
}

/// The order of one epoch: every copy of every row once, an index on the device.
#[derive(Debug)]
pub struct Order {
    /// Copy times rows plus row, (copies * rows,) i64.
    items: Tensor,
    rows: i64,
    shift: i64,
}

impl Order {
    /// Draws the order of `epoch`.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub fn new(seed: u64, epoch: u64, rows: usize, augment: &Augment, device: Device) -> Result<Self, Error> {
        let mut items: Vec<i64> = (0..(rows * augment.copies()) as i64).collect();
        Stream::new(seed, "order", epoch).shuffle(&mut items);
        if augment.shifts == Shifts::Random {
            let (mut shifts, choices) = (Stream::new(seed, "shift", epoch), 2 * augment.shift as u64 + 1);
            items.iter_mut().for_each(|row| *row += rows as i64 * shifts.below(choices) as i64);
        }
        let items = Tensor::f_from_slice(&items).and_then(|t| t.f_to_device(device)).doing("drawing an order")?;
        Ok(Self { items, rows: rows as i64, shift: augment.shift as i64 })
    }

    /// Number of items.
    pub fn len(&self) -> usize {
        self.items.numel()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Input and labels of items `from..from + n`.
    ///
    /// # Shapes
    /// (n, L, C) f32 and (n,) f32.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub fn batch(
        &self,
        from: usize,
        n: usize,
        rows: &DeviceRows,
        encoder: &Encoder,
    ) -> Result<(Tensor, Tensor), Error> {
        let gather = || {
            let items = self.items.f_narrow(0, from as i64, n as i64)?;
            let row = items.f_remainder(self.rows)?;
            let shift = items.f_floor_divide_scalar(self.rows)?.f_sub_scalar(self.shift)?;
            Ok((rows.codes.f_index_select(0, &row)?, rows.labels.f_index_select(0, &row)?, shift))
        };
        let (codes, labels, shift) = gather().doing("gathering a batch")?;
        let shift = (self.shift > 0).then_some(&shift);
        Ok((encoder.encode(&codes, shift)?, labels))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Experiment;
    use promoter_label::Transform;

    fn rows(n: usize) -> (Table, DeviceRows, Encoder) {
        let encoding = Experiment::peppa().encoding;
        let mut table = Table::default();
        let mut stream = Stream::new(1, "test", 0);
        for row in 0..n {
            let codes: Vec<u8> = (0..110).map(|_| stream.below(4) as u8).collect();
            table.push(&codes, row as f32);
        }
        let device_rows =
            DeviceRows::new(&table, &encoding, &Transform::Identity.fit(table.labels()).unwrap(), Device::Cpu);
        (table, device_rows.unwrap(), Encoder::new(&encoding, Device::Cpu).unwrap())
    }

    /// Every copy of every row comes once, and its encoding is the host's of the shifted window.
    #[test]
    fn an_epoch_has_every_shifted_copy_once() {
        let (table, device_rows, encoder) = rows(7);
        let augment = Augment { shift: 1, shifts: Shifts::Stacked };
        let order = Order::new(3, 0, 7, &augment, Device::Cpu).unwrap();
        assert_eq!(order.len(), 21);
        let (x, y) = order.batch(0, 21, &device_rows, &encoder).unwrap();
        let labels: Vec<f32> = Vec::try_from(y).unwrap();
        let mut seen = [0; 7];
        for (i, &label) in labels.iter().enumerate() {
            let row = label as usize;
            seen[row] += 1;
            let values: Vec<f32> = Vec::try_from(x.get(i as i64).flatten(0, 1)).unwrap();
            let is_copy = [-1isize, 0, 1].iter().any(|&shift| {
                let window = Fit::peppa().shifted(shift).unwrap().codes(table.codes(row)).unwrap();
                let Encoding::OneHot { policy, .. } = Experiment::peppa().encoding;
                policy.encode_codes::<f32>(&window).unwrap() == values
            });
            assert!(is_copy, "item {i}");
        }
        assert_eq!(seen, [3; 7]);
    }

    #[test]
    fn random_shifts_leave_each_row_once_and_use_every_shift() {
        let augment = Augment { shift: 1, shifts: Shifts::Random };
        let order = Order::new(3, 0, 200, &augment, Device::Cpu).unwrap();
        let items: Vec<i64> = Vec::try_from(order.items).unwrap();
        let mut rows: Vec<i64> = items.iter().map(|item| item % 200).collect();
        rows.sort_unstable();
        assert!(rows.into_iter().eq(0..200));
        for shift in 0..3 {
            assert!(items.iter().filter(|&item| item / 200 == shift).count() > 30);
        }
    }

    #[test]
    fn epochs_differ_in_order_and_equal_epochs_do_not() {
        let order = |epoch| -> Vec<i64> {
            Vec::try_from(Order::new(1, epoch, 50, &Augment::default(), Device::Cpu).unwrap().items).unwrap()
        };
        assert_eq!(order(0), order(0));
        assert_ne!(order(0), order(1));
    }

    #[test]
    fn a_row_that_does_not_fit_is_named() {
        let mut encoding = Experiment::peppa().encoding;
        let Encoding::OneHot { fit, .. } = &mut encoding;
        *fit = Fit::auth();
        let mut table = Table::default();
        table.push(&[0; 110], 1.0);
        table.push(&[0; 109], 1.0);
        let label = Transform::Identity.fit(table.labels()).unwrap();
        let error = DeviceRows::new(&table, &encoding, &label, Device::Cpu).unwrap_err().to_string();
        assert_eq!(error, "row 1 does not fit the encoding");
    }
}
