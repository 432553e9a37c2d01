//! A zip archive of stored members, as `torch.save` writes it.

use std::collections::BTreeMap;

use super::StateDictError;

/// The members of an archive, by name without the folder that all are in.
#[derive(Debug)]
pub(super) struct Archive<'a> {
    bytes: &'a [u8],
    members: BTreeMap<String, Member>,
}

#[derive(Debug)]
struct Member {
    header: usize,
    size: usize,
    checksum: u32,
    stored: bool,
}

impl<'a> Archive<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, StateDictError> {
        Self::directory(bytes).ok_or(StateDictError::Archive)
    }

    /// Reads the directory at the end; members' own headers leave out their sizes.
    fn directory(bytes: &'a [u8]) -> Option<Self> {
        // The end record is 22 bytes and a comment of at most 65,535.
        let from = bytes.len().saturating_sub(22 + 65_535);
        let end = from + bytes.get(from..)?.windows(4).rposition(|window| window == b"PK\x05\x06")?;
        let count = u16_at(bytes, end + 10)?;
        let mut at = u32_at(bytes, end + 16)? as usize;
        let (mut members, mut total) = (BTreeMap::new(), 0usize);
        for _ in 0..count {
            if bytes.get(at..at + 4)? != b"PK\x01\x02" {
                return None;
            }
            let method = u16_at(bytes, at + 10)?;
            let checksum = u32_at(bytes, at + 16)?;
            let (packed, size) = (u32_at(bytes, at + 20)?, u32_at(bytes, at + 24)?);
            let lengths = [u16_at(bytes, at + 28)?, u16_at(bytes, at + 30)?, u16_at(bytes, at + 32)?].map(usize::from);
            let header = u32_at(bytes, at + 42)?;
            let name = std::str::from_utf8(bytes.get(at + 46..at + 46 + lengths[0])?).ok()?;
            let (_, name) = name.split_once('/')?;
            // All ones: the true size is in a record for large files.
            let stored = method == 0 && packed == size && size != u32::MAX && header != u32::MAX;
            // Members that overlap would let a small file hold any amount.
            total = total.checked_add(size as usize).filter(|&total| !stored || total <= bytes.len())?;
            let member = Member { header: header as usize, size: size as usize, checksum, stored };
            members.insert(name.to_owned(), member);
            at += 46 + lengths.iter().sum::<usize>();
        }
        Some(Self { bytes, members })
    }

    /// The bytes of a member, if it is there.
    pub(super) fn find(&self, name: &str) -> Result<Option<&'a [u8]>, StateDictError> {
        let Some(member) = self.members.get(name) else { return Ok(None) };
        if !member.stored {
            return Err(StateDictError::Stored { name: name.to_owned() });
        }
        let data = self.data(member).ok_or(StateDictError::Archive)?;
        if checksum(data) != member.checksum {
            return Err(StateDictError::Checksum { name: name.to_owned() });
        }
        Ok(Some(data))
    }

    /// The bytes of a member.
    pub(super) fn get(&self, name: &str) -> Result<&'a [u8], StateDictError> {
        self.find(name)?.ok_or_else(|| StateDictError::Missing { name: name.to_owned() })
    }

    fn data(&self, member: &Member) -> Option<&'a [u8]> {
        let header = member.header;
        if self.bytes.get(header..header + 4)? != b"PK\x03\x04" {
            return None;
        }
        let lengths = [u16_at(self.bytes, header + 26)?, u16_at(self.bytes, header + 28)?].map(usize::from);
        let start = header + 30 + lengths[0] + lengths[1];
        self.bytes.get(start..start.checked_add(member.size)?)
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// The remainders of all bytes for zip's polynomial.
const REMAINDERS: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut remainder = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            remainder = (remainder >> 1) ^ (0xEDB8_8320 * (remainder & 1));
            bit += 1;
        }
        table[byte] = remainder;
        byte += 1;
    }
    table
};

/// Zip's CRC-32.
fn checksum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| (crc >> 8) ^ REMAINDERS[((crc ^ u32::from(byte)) & 0xFF) as usize])
}

#[cfg(test)]
mod tests {
    #[test]
    fn checksum_is_zips() {
        assert_eq!(super::checksum(b"123456789"), 0xCBF4_3926);
    }
}
