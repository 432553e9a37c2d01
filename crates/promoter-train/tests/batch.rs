//! Batches of the device against the host's encodings.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use promoter_encode::embed::Vectors;
use promoter_encode::fit::Fit;
use promoter_encode::kmer::Oov;
use promoter_encode::one_hot::{Flag, Layout, OneHot};
use promoter_encode::random::Stream;
use promoter_encode::{Codes, reverse_complement};
use promoter_label::Transform;
use promoter_seq::Table;
use promoter_train::batch::{Augment, Averaging, Batches, Encoder, Order, ReverseComplement, Rows, Shifts, View};
use promoter_train::encoding::Encoding;
use promoter_train::prepared::Part;
use promoter_train::vectors::{self, Source};
use promoter_train::{Error, Experiment};
use tch::{Device, Tensor};

/// Random rows of `length` bases with an N here and there; the label is the row, every third with a half added.
fn table(rows: usize, length: usize) -> Part {
    let mut table = Table::default();
    let mut stream = Stream::new(1, "test", 0);
    for row in 0..rows {
        let codes: Vec<u8> =
            (0..length).map(|_| if stream.below(50) == 0 { 4 } else { stream.below(4) as u8 }).collect();
        table.push(&codes, row as f32 + if row % 3 == 0 { 0.5 } else { 0.0 });
    }
    Part::new(table)
}

fn device_rows(table: &Part, encoding: &Encoding) -> Rows {
    Rows::resident(table, encoding, &[Transform::Identity.fit(table.labels()).unwrap()], Device::Cpu).unwrap()
}

/// Input and labels of the batch that begins with an item.
fn batch(order: &Order, from: usize, n: usize, rows: &Rows, encoder: &Encoder) -> (Tensor, Tensor) {
    let batch = Batches::new(rows, order, encoder, from, n).next().unwrap().unwrap();
    (batch.x, batch.labels)
}

fn values(tensor: &Tensor) -> Vec<f32> {
    Vec::try_from(tensor.contiguous().view([-1])).unwrap()
}

/// Both strands, three windows and both flags: every copy of every row once, encoded as the host encodes it.
#[test]
fn an_epoch_has_every_copy_once_as_the_host_encodes_it() {
    let policy = OneHot { layout: Layout::ChannelsLast, ..OneHot::prix_fixe_train() };
    let encoding = Encoding::OneHot { fit: Fit::peppa(), policy: policy.clone() };
    let (table, encoder) = (table(7, 110), Encoder::new(&encoding, None, Device::Cpu).unwrap());
    let rows = device_rows(&table, &encoding);
    let augment = Augment { shift: 1, reverse_complement: ReverseComplement::Stacked, ..Augment::default() };
    let order = Order::new(3, 0, 7, &augment, Device::Cpu).unwrap();
    assert_eq!(order.len(), 42);
    let (x, labels) = batch(&order, 0, 42, &rows, &encoder);
    assert_eq!(x.size(), [42, 85, 6]);
    let mut expected: Vec<(usize, Vec<f32>)> = Vec::new();
    for (row, (codes, label)) in table.rows().enumerate() {
        for (shift, reverse) in [(-1, false), (0, false), (1, false), (-1, true), (0, true), (1, true)] {
            let window = Fit::peppa().shifted(shift).unwrap().apply(Codes(codes)).unwrap();
            let window = if reverse { reverse_complement::of(Codes(&window)).unwrap() } else { window };
            let mut encoded = policy.encode::<f32>(Codes(&window)).unwrap();
            policy.set_flag(Flag::IsReverse, reverse, &mut encoded).unwrap();
            policy.set_flag(Flag::IsSingleton, label.fract() == 0.0, &mut encoded).unwrap();
            expected.push((row, encoded));
        }
    }
    for (i, label) in values(&labels).into_iter().enumerate() {
        let found = (label as usize, values(&x.get(i as i64)));
        let place = expected.iter().position(|copy| *copy == found).unwrap_or_else(|| panic!("item {i}"));
        expected.swap_remove(place);
    }
    assert!(expected.is_empty());
}

/// What a random draw may give is drawn, and each row comes once.
#[test]
fn random_shifts_and_strands_leave_each_row_once_and_use_every_choice() {
    let encoding =
        Encoding::OneHot { fit: Fit::peppa(), policy: OneHot { flags: vec![Flag::IsReverse], ..OneHot::default() } };
    let (table, encoder) = (table(300, 110), Encoder::new(&encoding, None, Device::Cpu).unwrap());
    let rows = device_rows(&table, &encoding);
    let epoch = |reverse_complement, seed, epoch| {
        let augment = Augment { shift: 1, shifts: Shifts::Random, reverse_complement, mutate: 0.0 };
        let order = Order::new(seed, epoch, 300, &augment, Device::Cpu).unwrap();
        let (x, labels) = batch(&order, 0, order.len(), &rows, &encoder);
        let mut labels: Vec<usize> = values(&labels).into_iter().map(|label| label as usize).collect();
        let first = labels.clone();
        labels.sort_unstable();
        (labels, values(&x.select(1, 0).select(1, 4)), first, x)
    };
    let (labels, reverse, first, x) = epoch(ReverseComplement::Random, 3, 0);
    assert!(labels.into_iter().eq(0..300));
    let turned = reverse.iter().filter(|&&flag| flag == 1.0).count();
    assert!((100..200).contains(&turned), "{turned}");
    let mut shifts = [0; 3];
    for (i, &row) in first.iter().enumerate().filter(|(i, _)| reverse[*i] == 0.0) {
        let bases = values(&x.get(i as i64).narrow(1, 0, 4));
        let at = [-1, 0, 1].iter().position(|&shift| {
            let window = Fit::peppa().shifted(shift).unwrap().apply(Codes(table.table().codes(row))).unwrap();
            OneHot::default().encode::<f32>(Codes(&window)).unwrap() == bases
        });
        shifts[at.unwrap()] += 1;
    }
    assert!(shifts.iter().all(|&n| n > 20), "{shifts:?}");
    assert_eq!(epoch(ReverseComplement::Random, 3, 0).2, first);
    assert_ne!(epoch(ReverseComplement::Random, 3, 1).2, first);
    assert_ne!(epoch(ReverseComplement::Random, 4, 0).2, first);

    let (labels, reverse, ..) = epoch(ReverseComplement::Stacked, 3, 0);
    assert!(labels.into_iter().eq((0..600).map(|i| i / 2)));
    assert_eq!(reverse.iter().sum::<f32>(), 300.0);
}

/// SplitMix64 on the host, one base after the other.
fn mutated(codes: &[u8], item: u64, key: u64, rate: f64) -> Vec<u8> {
    let mutate = |(place, &code): (usize, &u8)| {
        let counter = item * codes.len() as u64 + place as u64;
        let mut bits = counter.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(key);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        let further = (((bits & 0xffff_ffff) * 3) >> 32) as u8 + 1;
        if code < 4 && ((bits >> 32) as f64) < rate * (1u64 << 32) as f64 { (code + further) % 4 } else { code }
    };
    codes.iter().enumerate().map(mutate).collect()
}

#[test]
fn mutations_are_those_of_the_host_for_any_batch_size() {
    let encoding = Encoding::OneHot { fit: Fit::exact(110), policy: OneHot::default() };
    let (table, encoder) = (table(200, 110), Encoder::new(&encoding, None, Device::Cpu).unwrap());
    let rows = device_rows(&table, &encoding);
    for rate in [0.1, 1.0] {
        let augment = Augment { mutate: rate, ..Augment::default() };
        let order = |epoch| Order::new(3, epoch, 200, &augment, Device::Cpu).unwrap();
        let (x, labels) = batch(&order(5), 0, 200, &rows, &encoder);
        let key = Stream::new(3, "mutate", 5).next_u64();
        let mut counts = [0; 2];
        for (i, label) in values(&labels).into_iter().enumerate() {
            let row = label as usize;
            let expected = mutated(table.table().codes(row), row as u64, key, rate);
            assert_eq!(values(&x.get(i as i64)), OneHot::default().encode::<f32>(Codes(&expected)).unwrap(), "{row}");
            for (&before, &after) in table.table().codes(row).iter().zip(&expected).filter(|(before, _)| **before < 4) {
                counts[usize::from(before != after)] += 1;
            }
        }
        let share = f64::from(counts[1]) / f64::from(counts[0] + counts[1]);
        assert!((share - rate).abs() < 0.01, "{share}");
        let parts: Vec<Tensor> =
            Batches::new(&rows, &order(5), &encoder, 0, 33).map(|batch| batch.unwrap().x).collect();
        assert_eq!(parts.len(), 7);
        assert_eq!(Tensor::cat(&parts, 0), x);
        assert_ne!(batch(&order(6), 0, 200, &rows, &encoder).0, x);
    }
}

#[test]
fn rows_in_shards_give_the_batches_of_rows_on_the_device() {
    // More than one shard of 65,536 rows.
    let table = table(90_000, 12);
    let encoding = Encoding::OneHot {
        fit: Fit { crop: Some((1, 11)), ..Fit::exact(12) },
        policy: OneHot { flags: vec![Flag::IsReverse, Flag::IsSingleton], ..OneHot::default() },
    };
    let label = [Transform::Identity.fit(table.labels()).unwrap()];
    let resident = Rows::resident(&table, &encoding, &label, Device::Cpu).unwrap();
    let streamed = Rows::streamed(&table, &encoding, &label, Device::Cpu).unwrap();
    assert_eq!(streamed.codes(5, 100).unwrap(), resident.codes(5, 100).unwrap());
    let encoder = Encoder::new(&encoding, None, Device::Cpu).unwrap();
    let augment =
        Augment { shift: 1, shifts: Shifts::Random, reverse_complement: ReverseComplement::Stacked, mutate: 0.1 };
    let order = Order::new(3, 0, table.len(), &augment, Device::Cpu).unwrap();
    // From the start, from the middle as after a resume, in batches larger than a shard; to the short last one.
    for (from, size) in [(0, 1_000), (3_000, 999), (179_990, 100), (20, 70_000)] {
        let batches = |rows| Batches::new(rows, &order, &encoder, from, size).map(Result::unwrap);
        let mut items = from;
        for (one, other) in batches(&resident).zip(batches(&streamed)) {
            assert!(one.x == other.x && one.labels == other.labels, "{from} {size}: {items}");
            items += one.rows();
        }
        assert_eq!(items, order.len());
    }
}

/// Tokens and vectors of the host, on both strands; the other strand is cut into words anew.
#[test]
fn words_are_those_of_the_host_on_both_strands() {
    for (k, crop) in [(5, Some((15, 99))), (3, None)] {
        let fit = Fit { crop, ..Fit::exact(110) };
        let encoding =
            Encoding::Kmer { fit: fit.clone(), k, oov: Oov::Token, vectors: Source::Random { dimension: 3 } };
        let kmers = encoding.kmers().unwrap();
        let tokenizer = kmers.tokenizer().unwrap();
        let spell = |token| match tokenizer.kmer(token) {
            Ok(letters) => String::from_utf8(letters).unwrap(),
            Err(_) => "<unk>".into(),
        };
        // One word lacks a vector: zeros stand for it.
        let spelled: Vec<String> = (1..tokenizer.vocabulary_size() as u32).map(spell).collect();
        let mut draws = Stream::new(1, "vectors", 0);
        let data = (0..spelled.len() * 3).map(|_| draws.normal() as f32).collect();
        let vectors = Vectors::new(spelled, 3, data).unwrap();

        let on_device = vectors::table(&kmers, &vectors).unwrap();
        let encoder = Encoder::new(&encoding, Some(&on_device), Device::Cpu).unwrap();
        let table = table(50, 110);
        let codes = device_rows(&table, &encoding).codes(0, 50).unwrap();
        for reverse in [false, true] {
            let x = encoder.encode(&codes, &View::of_all(reverse, 0, 50, Device::Cpu).unwrap()).unwrap();
            assert_eq!(encoder.output(), (x.size()[1], 3));
            for (row, (codes, _)) in table.rows().enumerate() {
                let window = fit.apply(Codes(codes)).unwrap();
                let window = if reverse { reverse_complement::of(Codes(&window)).unwrap() } else { window };
                let tokens = tokenizer.tokens::<u32>(Codes(&window)).unwrap();
                assert_eq!(tokens.len(), if k == 5 { 80 } else { 108 });
                let expected: Vec<f32> =
                    tokens.iter().flat_map(|&token| vectors.get(&spell(token)).unwrap_or(&[0.0; 3]).to_vec()).collect();
                assert_eq!(values(&x.get(row as i64)), expected, "{k} {row}");
            }
        }
    }
}

/// A stand-in for a network whose prediction depends on the strand and the window.
#[test]
fn an_averaged_prediction_is_the_mean_over_strands_and_windows() {
    let policy = OneHot { flags: vec![Flag::IsReverse], ..OneHot::default() };
    let encoding = Encoding::OneHot { fit: Fit::peppa(), policy: policy.clone() };
    let (table, encoder) = (table(20, 110), Encoder::new(&encoding, None, Device::Cpu).unwrap());
    let codes = device_rows(&table, &encoding).codes(0, 20).unwrap();
    let weights: Vec<f32> = (0..85 * 5).map(|place| (place as f32 * 0.7).sin()).collect();
    let network = |x: &Tensor| -> Result<Tensor, Error> {
        Ok((x * Tensor::from_slice(&weights).view([1, 85, 5])).sum_dim_intlist([1, 2].as_slice(), false, None))
    };
    for averaging in
        [Averaging::default(), Averaging { strands: true, shift: 0 }, Averaging { strands: true, shift: 2 }]
    {
        let found = values(&averaging.mean(&codes, &encoder, network).unwrap());
        assert_eq!(averaging.passes()[0], (false, 0));
        for (row, found) in found.into_iter().enumerate() {
            let one = |&(reverse, shift): &(bool, i64)| -> f64 {
                let window =
                    Fit::peppa().shifted(shift as isize).unwrap().apply(Codes(table.table().codes(row))).unwrap();
                let window = if reverse { reverse_complement::of(Codes(&window)).unwrap() } else { window };
                let mut encoded = policy.encode::<f32>(Codes(&window)).unwrap();
                policy.set_flag(Flag::IsReverse, reverse, &mut encoded).unwrap();
                encoded.iter().zip(&weights).map(|(x, weight)| f64::from(x * weight)).sum()
            };
            let passes = averaging.passes();
            let expected = passes.iter().map(one).sum::<f64>() / passes.len() as f64;
            assert!((f64::from(found) - expected).abs() < 1e-4, "{averaging:?} {row}: {found} {expected}");
        }
        assert_eq!(averaging.passes().len(), (1 + usize::from(averaging.strands)) * (2 * averaging.shift + 1));
    }
}

#[test]
fn a_row_that_does_not_fit_is_named() {
    let mut table = Table::default();
    table.push(&[0; 110], 1.0);
    table.push(&[0; 109], 1.0);
    let refused = |encoding: &Encoding, table: Table| {
        let (table, label) = (Part::new(table), [Transform::Identity.fit(&[1.0]).unwrap()]);
        Rows::resident(&table, encoding, &label, Device::Cpu).unwrap_err()
    };
    let encoding = Encoding::OneHot { fit: Fit::auth(), policy: OneHot::auth() };
    assert_eq!(refused(&encoding, table).to_string(), "row 1 does not fit the encoding");
    let vectors = Source::Random { dimension: 3 };
    let words = Encoding::Kmer { fit: Fit::exact(110), k: 5, oov: Oov::Error, vectors };
    for encoding in [encoding, words] {
        let mut table = Table::default();
        table.push(&[4; 110], 1.0);
        let error = refused(&encoding, table);
        assert!(matches!(error, Error::Row { row: 0, .. }), "{error}");
    }
}

#[test]
fn what_an_encoding_cannot_be_is_named() {
    let message = |change: fn(&mut Experiment)| {
        let mut experiment = Experiment::example();
        change(&mut experiment);
        experiment.check().unwrap_err().to_string()
    };
    let kmers = |k, oov, end| {
        let fit = Fit { crop: Some((15, end)), ..Fit::exact(110) };
        Encoding::Kmer { fit, k, oov, vectors: Source::Random { dimension: 2 } }
    };
    assert!(kmers(5, Oov::Error, 99).check().is_ok());
    for (encoding, text) in [
        (kmers(5, Oov::Skip, 99), "`encoding.kmer.oov` is skip"),
        (kmers(13, Oov::Error, 99), "`encoding.kmer.k` is 13"),
        (kmers(5, Oov::Error, 19), "`encoding.kmer.k` is 5"),
        (kmers(5, Oov::Error, 111), "`encoding` is bases 15..111"),
    ] {
        let error = encoding.check().unwrap_err().to_string();
        assert!(error.starts_with(text), "{error}");
    }
    assert_eq!(message(|e| e.evaluation.shift = 11), "`evaluation.shift` is 11, expected at most 10 beyond the window");
    assert_eq!(message(|e| e.augment.mutate = 1.5), "`augment.mutate` is 1.5, expected a probability, 0 to 1");
    assert_eq!(message(|e| e.memory.resident_gb = Some(-1.0)), "`memory.resident_gb` is -1, expected 0 or more");
    let error = Encoder::new(&kmers(5, Oov::Error, 99), None, Device::Cpu).unwrap_err().to_string();
    assert!(error.contains("a table of 1025 rows"), "{error}");
}
