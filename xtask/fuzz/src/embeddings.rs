//! Vectors of words: what is read is written and read again as the same.

use promoter::encode::embed::io::{Format, read, write};

fn again(data: &[u8], format: Format) {
    let Ok(vectors) = read(data, format) else { return };
    for format in [Format::GloveText, Format::Word2vecText, Format::Word2vecBinary, Format::Safetensors] {
        let mut bytes = Vec::new();
        write(&vectors, &mut bytes, format).unwrap();
        assert_eq!(read(&bytes[..], format).unwrap(), vectors, "{format:?}");
    }
}

pub(crate) fn glove(data: &[u8]) {
    again(data, Format::GloveText);
}

/// Text and binary.
pub(crate) fn word2vec(data: &[u8]) {
    again(data, Format::Word2vecText);
    again(data, Format::Word2vecBinary);
}
