//! One-hot encoding: presets against values worked out by hand, and every path against a slow reference.

#![allow(clippy::unwrap_used)] // tests

use half::{bf16, f16};
use promoter_encode::one_hot::{AnyBase, Case, ChannelOrder, Element, Flag, Iupac, Layout, OneHot, Other};
use promoter_encode::{Codes, Error, Letters, base};
use proptest::prelude::*;

fn encode(one_hot: &OneHot, letters: &str) -> Vec<f32> {
    one_hot.encode(letters).unwrap()
}

fn refuses(one_hot: &OneHot, letters: &str) -> bool {
    one_hot.encode::<f32>(letters).is_err()
}

const IDENTITY: [f32; 16] = [1., 0., 0., 0., 0., 1., 0., 0., 0., 0., 1., 0., 0., 0., 0., 1.];

#[test]
fn auth_takes_nothing_but_the_four_bases() {
    let auth = "auth".parse::<OneHot>().unwrap();
    assert_eq!(encode(&auth, "ACGT"), IDENTITY);
    assert_eq!(encode(&auth, "TA"), [0., 0., 0., 1., 1., 0., 0., 0.]);
    assert!(["N", "R", "a", "-"].iter().all(|letter| refuses(&auth, letter)));
}

#[test]
fn noisy_chardonnay_gives_other_letters_four_ones() {
    let preset = "noisy_chardonnay".parse::<OneHot>().unwrap();
    assert_eq!(encode(&preset, "ACGT"), IDENTITY);
    assert_eq!(encode(&preset, "GNRa-"), [[0., 0., 1., 0.], [1.; 4], [1.; 4], [1.; 4], [1.; 4]].concat());
}

#[test]
fn madlab_gives_n_zeros() {
    let preset = "madlab".parse::<OneHot>().unwrap();
    assert_eq!(encode(&preset, "ACGT"), IDENTITY);
    assert_eq!(encode(&preset, "NC"), [0., 0., 0., 0., 0., 1., 0., 0.]);
    assert!(["R", "a", "-"].iter().all(|letter| refuses(&preset, letter)));
}

#[test]
fn peppa_and_enformer_give_all_else_zeros() {
    for name in ["peppa", "enformer"] {
        let preset = name.parse::<OneHot>().unwrap();
        assert_eq!(encode(&preset, "ACGT"), IDENTITY);
        assert_eq!(encode(&preset, "NRa-.T"), [[0.; 4], [0.; 4], [0.; 4], [0.; 4], [0.; 4], [0., 0., 0., 1.]].concat());
    }
}

#[test]
fn prix_fixe_has_purines_first_and_two_flags() {
    let train = "prix_fixe_train".parse::<OneHot>().unwrap();
    // Rows: A, G, C, T, is-reverse, is-singleton; columns: A, C, g, N.
    let expected = |n| {
        [[1., 0., 0., n], [0., 0., 1., n], [0., 1., 0., n], [0., 0., 0., n], [0., 0., 0., 0.], [0., 0., 0., 0.]]
            .concat()
    };
    assert_eq!(encode(&train, "ACgN"), expected(0.));
    for name in ["prix_fixe_predict", "legnet"] {
        let preset = name.parse::<OneHot>().unwrap();
        assert_eq!(encode(&preset, "ACgN"), expected(0.25));
        assert!(refuses(&preset, "R"));
    }
    let mut flagged = encode(&train, "ACgN");
    train.set_flag(Flag::IsSingleton, true, &mut flagged).unwrap();
    assert_eq!(flagged[..20], expected(0.)[..20]);
    assert_eq!(flagged[20..], [1.; 4]);
    train.set_flag(Flag::IsSingleton, false, &mut flagged).unwrap();
    assert_eq!(flagged, expected(0.));
}

#[test]
fn deepsea_has_purines_first_and_channels_first() {
    let preset = "deepsea".parse::<OneHot>().unwrap();
    assert_eq!(encode(&preset, "AGct"), IDENTITY);
    assert_eq!(encode(&preset, "GN"), [0., 0., 1., 0., 0., 0., 0., 0.]);
}

#[test]
fn grelu_and_tangermeme_have_channels_first_and_refuse_other_letters() {
    for name in ["grelu", "tangermeme"] {
        let preset = name.parse::<OneHot>().unwrap();
        assert_eq!(encode(&preset, "AGN"), [1., 0., 0., 0., 0., 0., 0., 1., 0., 0., 0., 0.]);
        assert!(["R", "a", "-"].iter().all(|letter| refuses(&preset, letter)));
    }
}

#[test]
fn crested_folds_case_and_gives_all_else_zeros() {
    let preset = "crested".parse::<OneHot>().unwrap();
    assert_eq!(encode(&preset, "acgt"), IDENTITY);
    assert_eq!(encode(&preset, "NR-c"), [[0.; 4], [0.; 4], [0.; 4], [0., 1., 0., 0.]].concat());
}

#[test]
fn iupac_letters_spread_over_the_bases_they_stand_for() {
    let one_hot = OneHot { iupac: Iupac::Spread, ..OneHot::default() };
    let third = 1.0 / 3.0;
    assert_eq!(encode(&one_hot, "RyB"), [[0.5, 0., 0.5, 0.], [0., 0.5, 0., 0.5], [0., third, third, third]].concat());
}

#[test]
fn every_refusal_says_where_and_why() {
    let strict = OneHot::auth();
    let letter = |position, letter, policy| Err(Error::Letter { position, letter, policy });
    assert_eq!(strict.encode::<f32>("ACN"), letter(2, 'N', "n"));
    assert_eq!(strict.encode::<f32>("AR"), letter(1, 'R', "iupac"));
    assert_eq!(strict.encode::<f32>("ac"), letter(0, 'a', "case"));
    assert_eq!(strict.encode::<f32>(Letters(b"AC\xc3\xa9")), Err(Error::Byte { position: 2, byte: 0xc3 }));
    assert_eq!(strict.encode::<f32>(Codes(&[0, 16])), Err(Error::Code { position: 1, code: 16 }));
    assert_eq!(strict.encode::<f32>(Codes(&[0, 5])), letter(1, 'R', "iupac"));
    assert_eq!(strict.encode_into("AC", &mut [0.0f32; 7]), Err(Error::Buffer { expected: 8, found: 7 }));
    assert_eq!(strict.encode_batch_into("ACG", 2, &mut [0.0f32; 12]), Err(Error::Rows { found: 3, length: 2 }));
    assert_eq!(strict.encode_batch_into("ACG", 0, &mut [0.0f32; 12]), Err(Error::Rows { found: 3, length: 0 }));
    assert_eq!(strict.decode(&[1.0f32; 3]), Err(Error::Rows { found: 3, length: 4 }));
    assert_eq!(strict.decode(&[1.0f32, 0., 0., 0., 1., 1., 0., 0.]), Err(Error::Row { position: 1 }));
    let flag = strict.set_flag(Flag::IsReverse, true, &mut [0.0f32; 4]);
    assert!(matches!(flag, Err(Error::Setting { setting: "flag", .. })));
    let fraction = |policy| Err(Error::Fraction { policy, element: "u8" });
    assert_eq!(OneHot::legnet().encode::<u8>("ACG"), fraction("n"));
    assert_eq!(OneHot { iupac: Iupac::Spread, ..OneHot::default() }.encode::<u8>("ACG"), fraction("iupac"));
    assert!(matches!(ChannelOrder::new("ACGG"), Err(Error::ChannelOrder { .. })));
    assert!(matches!(ChannelOrder::new("ACG"), Err(Error::ChannelOrder { .. })));
    let Err(error) = "pepper".parse::<OneHot>() else { panic!("there is no such preset") };
    assert!(error.to_string().contains("peppa"), "{error}");
}

#[test]
fn an_error_deep_in_a_batch_has_its_own_position() {
    let mut letters = vec![b'A'; 110 * 1000];
    letters[77_777] = b'-';
    for layout in [Layout::ChannelsFirst, Layout::ChannelsLast] {
        let one_hot = OneHot { layout, ..OneHot::default() };
        let mut out = vec![0u8; letters.len() * 4];
        let expected = Err(Error::Byte { position: 77_777, byte: b'-' });
        assert_eq!(one_hot.encode_batch_into(Letters(&letters), 110, &mut out), expected);
        #[cfg(feature = "rayon")]
        assert_eq!(one_hot.par_encode_batch_into(Letters(&letters), 110, &mut out), expected);
    }
}

#[test]
fn the_table_holds_the_encoding_of_every_code() {
    for name in OneHot::presets() {
        let one_hot = name.parse::<OneHot>().unwrap();
        let (table, channels) = (one_hot.table(), one_hot.channels());
        assert_eq!(table.len(), 16 * channels);
        for code in 0..base::CODES as u8 {
            let row = &table[usize::from(code) * channels..][..channels];
            match one_hot.encode::<f32>(Codes(&[code])) {
                Ok(encoded) => assert_eq!(row, encoded),
                Err(_) => assert!(row[..4].iter().all(|x| x.is_nan()), "{one_hot:?}"),
            }
        }
    }
}

/// Slow and plain: one letter at a time, by the words of the policies.
fn reference(one_hot: &OneHot, letters: &[u8]) -> Result<Vec<f32>, usize> {
    let channels = one_hot.channels();
    let mut rows = Vec::new();
    for (position, &byte) in letters.iter().enumerate() {
        let is_letter = b"ACGTNRYSWKMBDHV.".contains(&byte.to_ascii_uppercase());
        let mut letter = byte.to_ascii_uppercase();
        if !is_letter {
            if one_hot.other == Other::Error {
                return Err(position);
            }
            letter = b'N';
        } else if byte.is_ascii_lowercase() && one_hot.case != Case::Fold {
            if one_hot.case == Case::Error {
                return Err(position);
            }
            letter = b'N';
        }
        let stands_for: &[u8] = match letter {
            b'R' => b"AG",
            b'Y' => b"CT",
            b'S' => b"CG",
            b'W' => b"AT",
            b'K' => b"GT",
            b'M' => b"AC",
            b'B' => b"CGT",
            b'D' => b"AGT",
            b'H' => b"ACT",
            b'V' => b"ACG",
            _ => b"ACGT",
        };
        let mut row = vec![0.0; channels];
        let is_iupac = stands_for.len() < 4;
        if is_iupac && one_hot.iupac == Iupac::Error {
            return Err(position);
        }
        for (channel, base) in one_hot.order.letters().into_iter().enumerate() {
            row[channel] = match letter {
                b'A' | b'C' | b'G' | b'T' => f32::from(u8::from(letter == base)),
                b'.' => 0.0,
                _ if is_iupac && one_hot.iupac == Iupac::Spread => {
                    if stands_for.contains(&base) {
                        1.0 / stands_for.len() as f32
                    } else {
                        0.0
                    }
                }
                _ => match one_hot.n {
                    AnyBase::Zeros => 0.0,
                    AnyBase::Uniform => 0.25,
                    AnyBase::Ones => 1.0,
                    AnyBase::Error => return Err(position),
                },
            };
        }
        rows.push(row);
    }
    Ok(match one_hot.layout {
        Layout::ChannelsLast => rows.concat(),
        Layout::ChannelsFirst => (0..channels).flat_map(|channel| rows.iter().map(move |row| row[channel])).collect(),
    })
}

fn any_one_hot() -> impl Strategy<Value = OneHot> {
    use proptest::sample::select;
    (
        select(vec!["ACGT", "AGCT", "TGCA", "CATG"]),
        select(vec![Layout::ChannelsFirst, Layout::ChannelsLast]),
        select(vec![AnyBase::Zeros, AnyBase::Uniform, AnyBase::Ones, AnyBase::Error]),
        select(vec![Iupac::AsN, Iupac::Spread, Iupac::Error]),
        select(vec![Case::Fold, Case::AsN, Case::Error]),
        select(vec![Other::Error, Other::AsN]),
        select(vec![vec![], vec![Flag::IsReverse], vec![Flag::IsSingleton, Flag::IsReverse]]),
    )
        .prop_map(|(order, layout, n, iupac, case, other, flags)| OneHot {
            order: ChannelOrder::new(order).unwrap(),
            layout,
            n,
            iupac,
            case,
            other,
            flags,
        })
}

/// Mostly bases, with what else may occur.
fn any_letters(most: usize) -> impl Strategy<Value = Vec<u8>> {
    let letter = prop_oneof![
        60 => proptest::sample::select(b"ACGT".to_vec()),
        1 => proptest::sample::select(b"acgtNnRYSWKMBDHVrykv.".to_vec()),
    ];
    let sequence = proptest::collection::vec(letter, 0..most);
    prop_oneof![9 => sequence.clone(), 1 => (sequence, any::<u8>()).prop_map(|(mut letters, byte)| {
        letters.push(byte);
        letters
    })]
}

fn check<T: Element>(one_hot: &OneHot, letters: &[u8], expected: &Result<Vec<f32>, usize>) {
    match (one_hot.encode::<T>(Letters(letters)), expected) {
        (Ok(encoded), Ok(expected)) => {
            assert_eq!(encoded, expected.iter().map(|&x| T::from_f32(x)).collect::<Vec<_>>());
        }
        (Err(Error::Fraction { .. }), _) => assert!(!T::FRACTIONS),
        (Err(Error::Letter { position, .. } | Error::Byte { position, .. }), Err(expected)) => {
            assert_eq!(position, *expected);
        }
        (encoded, expected) => panic!("{encoded:?} is not {expected:?}"),
    }
}

proptest! {
    #[test]
    fn equals_the_reference_in_every_element_type(one_hot in any_one_hot(), letters in any_letters(300)) {
        let expected = reference(&one_hot, &letters);
        check::<f32>(&one_hot, &letters, &expected);
        check::<f16>(&one_hot, &letters, &expected);
        check::<bf16>(&one_hot, &letters, &expected);
        check::<u8>(&one_hot, &letters, &expected);
        check::<bool>(&one_hot, &letters, &expected);
    }

    #[test]
    fn codes_encode_as_their_letters(one_hot in any_one_hot(), codes in proptest::collection::vec(0u8..16, 0..200)) {
        let letters: Vec<u8> = codes.iter().map(|&code| base::to_ascii(code)).collect();
        prop_assert_eq!(one_hot.encode::<f32>(Codes(&codes)), one_hot.encode::<f32>(Letters(&letters)));
    }

    #[test]
    fn a_batch_is_its_rows(one_hot in any_one_hot(), rows in 0usize..40, length in 1usize..130, seed in any::<u64>()) {
        let mut stream = promoter_encode::random::Stream::new(seed, "test", 0);
        let letters: Vec<u8> =
            (0..rows * length).map(|_| b"ACGTACGTACGTACGTacgtN"[stream.below(21) as usize]).collect();
        let channels = one_hot.channels();
        let mut batch = vec![0.0f32; letters.len() * channels];
        let encoded = one_hot.encode_batch_into(Letters(&letters), length, &mut batch);
        let row_wise: Result<Vec<Vec<f32>>, Error> =
            letters.chunks(length).map(|row| one_hot.encode(Letters(row))).collect();
        prop_assert_eq!(encoded.is_ok(), row_wise.is_ok());
        if let Ok(rows) = row_wise {
            prop_assert_eq!(&batch, &rows.concat());
            #[cfg(feature = "rayon")]
            {
                let mut parallel = vec![7.0f32; batch.len()];
                one_hot.par_encode_batch_into(Letters(&letters), length, &mut parallel).unwrap();
                prop_assert_eq!(&batch, &parallel);
            }
            let codes: Vec<u8> = letters.iter().map(|&letter| base::from_ascii(letter)).collect();
            if one_hot.case == Case::Fold {
                let mut of_codes = vec![7.0f32; batch.len()];
                one_hot.encode_batch_into(Codes(&codes), length, &mut of_codes).unwrap();
                prop_assert_eq!(&batch, &of_codes);
            }
        }
    }

    #[test]
    fn decoding_undoes_encoding(letters in "[ACGTN]{0,200}", order in 0usize..4, first in any::<bool>()) {
        let one_hot = OneHot {
            order: ChannelOrder::new(["ACGT", "AGCT", "TGCA", "CATG"][order]).unwrap(),
            layout: if first { Layout::ChannelsFirst } else { Layout::ChannelsLast },
            flags: vec![Flag::IsReverse; order % 2],
            ..OneHot::default()
        };
        prop_assert_eq!(one_hot.decode(&encode(&one_hot, &letters)).unwrap(), letters.as_bytes());
        let of_bits = one_hot.encode::<bool>(letters.as_str()).unwrap();
        prop_assert_eq!(one_hot.decode(&of_bits).unwrap(), letters.as_bytes());
    }

    #[test]
    fn decoding_undoes_spreading(letters in "[ACGTNRYSWKMBDHV.]{0,200}") {
        let one_hot = OneHot { iupac: Iupac::Spread, n: AnyBase::Uniform, ..OneHot::default() };
        prop_assert_eq!(one_hot.decode(&encode(&one_hot, &letters)).unwrap(), letters.as_bytes());
        let half = one_hot.encode::<f16>(letters.as_str()).unwrap();
        prop_assert_eq!(one_hot.decode(&half).unwrap(), letters.as_bytes());
    }
}

#[test]
fn odd_lengths_equal_the_reference() {
    let mut stream = promoter_encode::random::Stream::new(3, "test", 0);
    for length in [0, 1, 2, 3, 15, 16, 17, 63, 64, 65, 4095, 4096, 4097, (1 << 16) + 1] {
        let letters: Vec<u8> = (0..length).map(|_| b"ACGTACGTACGTACGTacgtNR"[stream.below(22) as usize]).collect();
        for layout in [Layout::ChannelsFirst, Layout::ChannelsLast] {
            for flags in [vec![], vec![Flag::IsReverse]] {
                let one_hot = OneHot { layout, flags, n: AnyBase::Uniform, ..OneHot::default() };
                assert_eq!(one_hot.encode::<f32>(Letters(&letters)).unwrap(), reference(&one_hot, &letters).unwrap());
            }
        }
    }
}

#[cfg(feature = "ndarray")]
#[test]
fn arrays_have_the_layout_of_the_encoding() {
    let sequences = ["ACGTN", "TTTTT", "GATTA"];
    for one_hot in [OneHot::default(), OneHot::legnet()] {
        let batch = one_hot.encode_batch_array::<f32>(sequences).unwrap();
        for (index, sequence) in sequences.iter().enumerate() {
            let array = one_hot.encode_array::<f32>(*sequence).unwrap();
            assert_eq!(batch.index_axis(ndarray::Axis(0), index), array);
            assert_eq!(array.into_raw_vec_and_offset().0, encode(&one_hot, sequence));
        }
    }
    let none = OneHot::default().encode_batch_array::<f32>(std::iter::empty::<&str>()).unwrap();
    assert_eq!(none.shape(), [0, 0, 4]);
    let uneven = OneHot::default().encode_batch_array::<f32>(["AC", "ACG"]);
    assert_eq!(uneven, Err(Error::Length { expected: 2, found: 3 }));
}
