//! The records of a run for TensorBoard: `tensorboard --logdir runs`.
//!
//! An event file is a sequence of records, each with its length and checksums, and each an `Event` in the wire format
//! of Protocol Buffers. Its step is the epoch, its time the seconds that the run trained for until then.
//!
//! # Source
//! `tensorflow/core/lib/io/record_writer.h`, `tensorflow/core/util/event.proto` and
//! `tensorflow/core/framework/summary.proto` of <https://github.com/tensorflow/tensorflow>.

use std::fs::OpenOptions;
use std::io::Write as _;

use crate::run::Run;
use crate::{EpochRecord, Error, scalars};

/// The name that TensorBoard looks for has "tfevents" in it.
const NAME: &str = "events.out.tfevents.promoter";

/// Brings the run's event file up to the records.
///
/// The file depends on the records only. TensorBoard keeps it open to see it grow, so what is new is appended to it; a
/// file that does not begin as it should, as after a resume from before its end, is replaced.
///
/// # Errors
/// [`Error::Io`].
pub fn write(run: &Run, records: &[EpochRecord]) -> Result<(), Error> {
    let events = to_events(records);
    let path = run.folder().path().join(NAME);
    let grow = || -> std::io::Result<bool> {
        let before = match std::fs::read(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            other => other?,
        };
        let Some(new) = events.strip_prefix(before.as_slice()) else { return Ok(false) };
        OpenOptions::new().append(true).open(&path)?.write_all(new)?;
        Ok(true)
    };
    match grow() {
        Ok(true) => Ok(()),
        Ok(false) => run.write(NAME, &events),
        Err(source) => Err(Error::Io { path, source }),
    }
}

/// The bytes of an event file.
pub fn to_events(records: &[EpochRecord]) -> Vec<u8> {
    let mut version = Vec::new();
    double(&mut version, 1, 0.0);
    bytes(&mut version, 3, b"brain.Event:2");
    let mut events = framed(&version);
    let mut seconds = 0.0;
    for record in records {
        seconds += record.seconds;
        let mut summary = Vec::new();
        for (tag, value) in scalars::of(record, "/") {
            if let Some(value) = value.filter(|_| tag != "epoch") {
                let mut scalar = Vec::new();
                bytes(&mut scalar, 1, tag.as_bytes());
                float(&mut scalar, 2, value as f32);
                bytes(&mut summary, 1, &scalar);
            }
        }
        let mut event = Vec::new();
        double(&mut event, 1, seconds);
        integer(&mut event, 2, record.epoch);
        bytes(&mut event, 5, &summary);
        events.extend(framed(&event));
    }
    events
}

/// A record: its length, the length's checksum, itself, its checksum.
fn framed(record: &[u8]) -> Vec<u8> {
    let length = (record.len() as u64).to_le_bytes();
    let checksum = |bytes| masked(crc32c(bytes)).to_le_bytes();
    [&length, &checksum(&length)[..], record, &checksum(record)].concat()
}

/// Checksums of data that hold checksums would be weak; so they are turned and moved.
fn masked(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// Castagnoli's checksum. Bit by bit: an epoch has a few hundred bytes.
fn crc32c(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0x82f6_3b78;
    let step = |crc: u32, _| (crc >> 1) ^ if crc & 1 == 1 { POLYNOMIAL } else { 0 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A field's number and the kind of its value.
fn key(out: &mut Vec<u8>, field: u64, kind: u64) {
    varint(out, field << 3 | kind);
}

fn integer(out: &mut Vec<u8>, field: u64, value: u64) {
    key(out, field, 0);
    varint(out, value);
}

fn double(out: &mut Vec<u8>, field: u64, value: f64) {
    key(out, field, 1);
    out.extend(value.to_le_bytes());
}

fn bytes(out: &mut Vec<u8>, field: u64, value: &[u8]) {
    key(out, field, 2);
    varint(out, value.len() as u64);
    out.extend(value);
}

fn float(out: &mut Vec<u8>, field: u64, value: f32) {
    key(out, field, 5);
    out.extend(value.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scalars::tests::record;
    use crate::{Environment, Experiment};

    /// The checksum as a remainder of polynomials, highest power first.
    fn remainder(bytes: &[u8]) -> u32 {
        let bits = bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
        // The first 32 bits are turned over, and as many zeros follow.
        let message: Vec<bool> = bits.chain([false; 32]).enumerate().map(|(i, bit)| bit ^ (i < 32)).collect();
        let divided = message.into_iter().fold(0u64, |rest, bit| {
            let rest = rest << 1 | u64::from(bit);
            if rest >> 32 == 1 { rest ^ 0x1_1edc_6f41 } else { rest }
        });
        !(divided as u32).reverse_bits()
    }

    fn unmasked(masked: u32) -> u32 {
        masked.wrapping_sub(0xa282_ead8).rotate_left(15)
    }

    /// Fields of a message: number, and its bytes or its number.
    fn fields(mut message: &[u8]) -> Vec<(u64, Vec<u8>)> {
        fn number(message: &mut &[u8]) -> u64 {
            let length = message.iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
            let (this, rest) = message.split_at(length);
            *message = rest;
            this.iter().rev().fold(0, |value, byte| value << 7 | u64::from(byte & 0x7f))
        }
        let mut found = Vec::new();
        while !message.is_empty() {
            let key = number(&mut message);
            let length = match key & 7 {
                0 => {
                    found.push((key >> 3, number(&mut message).to_le_bytes().to_vec()));
                    continue;
                }
                1 => 8,
                2 => number(&mut message) as usize,
                5 => 4,
                kind => panic!("kind {kind}"),
            };
            let (value, rest) = message.split_at(length);
            found.push((key >> 3, value.to_vec()));
            message = rest;
        }
        found
    }

    fn records_of(mut file: &[u8]) -> Vec<Vec<u8>> {
        let mut records = Vec::new();
        while !file.is_empty() {
            let length = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
            let checksum = |at: usize| unmasked(u32::from_le_bytes(file[at..at + 4].try_into().unwrap()));
            assert_eq!(checksum(8), remainder(&file[..8]));
            let record = &file[12..12 + length];
            assert_eq!(checksum(12 + length), remainder(record));
            records.push(record.to_vec());
            file = &file[16 + length..];
        }
        records
    }

    #[test]
    fn checksums_are_castagnolis() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(remainder(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn an_independent_reader_finds_every_number() {
        let records = [record(0), record(1), record(300)];
        let events = records_of(&to_events(&records));
        assert_eq!(fields(&events[0])[1], (3, b"brain.Event:2".to_vec()));
        assert_eq!(events.len(), 4);
        let mut seconds = 0.0;
        for (record, event) in records.iter().zip(&events[1..]) {
            seconds += record.seconds;
            let event = fields(event);
            assert_eq!(event[0], (1, f64::to_le_bytes(seconds).to_vec()));
            assert_eq!(event[1], (2, record.epoch.to_le_bytes().to_vec()));
            let values: Vec<(String, f32)> = fields(&event[2].1)
                .iter()
                .map(|(_, value)| {
                    let value = fields(value);
                    let number = f32::from_le_bytes(value[1].1.clone().try_into().unwrap());
                    (String::from_utf8(value[0].1.clone()).unwrap(), number)
                })
                .collect();
            let expected: Vec<(String, f32)> = scalars::of(record, "/")
                .into_iter()
                .filter(|(name, _)| name != "epoch")
                .filter_map(|(name, value)| Some((name, value? as f32)))
                .collect();
            assert!(expected.iter().any(|(name, _)| name == "validation/mse"));
            assert_eq!(values, expected);
        }
    }

    #[test]
    fn a_file_grows_and_is_mended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        let run = Run::create(&path, &Experiment::example(), &Environment::of(tch::Device::Cpu), None).unwrap();
        let read = || std::fs::read(path.join(NAME)).unwrap();
        let records = [record(0), record(1)];
        write(&run, &records[..1]).unwrap();
        // TensorBoard's hold on the file.
        let mut open = std::fs::File::open(path.join(NAME)).unwrap();
        write(&run, &records).unwrap();
        assert_eq!(read(), to_events(&records));
        let mut seen = Vec::new();
        std::io::Read::read_to_end(&mut open, &mut seen).unwrap();
        assert_eq!(seen, to_events(&records));
        // Torn in the middle of an event, and ahead of the records.
        std::fs::write(path.join(NAME), &seen[..seen.len() - 7]).unwrap();
        write(&run, &records).unwrap();
        assert_eq!(read(), to_events(&records));
        write(&run, &records[..1]).unwrap();
        assert_eq!(read(), to_events(&records[..1]));
    }
}
