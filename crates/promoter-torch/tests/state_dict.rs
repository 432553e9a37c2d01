//! PyTorch's weight files: such as PyTorch 2.11 wrote, and such as nobody should.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use promoter_torch::state_dict::{StateDictError, read};
use promoter_torch::{Error, Init, Params};
use tch::{Device, Kind, Tensor};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn refusal(bytes: &[u8]) -> StateDictError {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    match read(file.path()).unwrap_err() {
        Error::StateDict { source, .. } => source,
        other => panic!("{other}"),
    }
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |c, _| if c & 1 == 1 { (c >> 1) ^ 0xEDB8_8320 } else { c >> 1 })
    })
}

/// A zip archive of stored members below one folder.
fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in members {
        let (name, start) = (format!("x/{name}"), out.len() as u32);
        let sizes = [crc(data), data.len() as u32, data.len() as u32].map(u32::to_le_bytes).concat();
        let lengths = [(name.len() as u16).to_le_bytes(), [0, 0]].concat();
        out.extend([&b"PK\x03\x04\0\0\0\0\0\0\0\0\0\0"[..], &sizes, &lengths, name.as_bytes(), data].concat());
        directory.extend([&b"PK\x01\x02\0\0\0\0\0\0\0\0\0\0\0\0"[..], &sizes, &lengths, &[0; 10]].concat());
        directory.extend([&start.to_le_bytes()[..], name.as_bytes()].concat());
    }
    let count = (members.len() as u16).to_le_bytes();
    let place = [directory.len() as u32, out.len() as u32].map(u32::to_le_bytes).concat();
    [&out[..], &directory, b"PK\x05\x06\0\0\0\0", &count, &count, &place, &[0, 0]].concat()
}

fn pickled(pickle: &[u8]) -> StateDictError {
    refusal(&archive(&[("data.pkl", pickle), ("data/0", &[0; 8])]))
}

/// The pickle of {"w": tensor} over storage 0 of two floats.
fn one_tensor(numel: u8, offset: u8, size: u8, stride: u8) -> Vec<u8> {
    let head = b"\x80\x02}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\n";
    let storage = [&b"X\x01\0\0\0\x30X\x03\0\0\0cpuK"[..], &[numel], b"tQ"].concat();
    let layout = [b'K', offset, b'K', size, 0x85, b'K', stride, 0x85, 0x89];
    [&head[..], &storage, &layout, b"ccollections\nOrderedDict\n)RtRs."].concat()
}

/// The pickle of a dictionary of `names` to float tensors of `numel` numbers, each the whole of its storage.
fn many_tensors(names: usize, numel: u32, storage: impl Fn(usize) -> String) -> Vec<u8> {
    let text = |text: &str| [b"X".as_slice(), &(text.len() as u32).to_le_bytes(), text.as_bytes()].concat();
    let number = [b"J".as_slice(), &numel.to_le_bytes()].concat();
    let mut pickle = b"\x80\x02}".to_vec();
    for i in 0..names {
        pickle.extend(text(&format!("w{i}")));
        pickle.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\n");
        pickle.extend([text(&storage(i)), text("cpu"), number.clone(), b"tQ".to_vec()].concat());
        pickle.extend([b"K\0", &number[..], b"\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtRs"].concat());
    }
    pickle.push(b'.');
    pickle
}

/// A storage is read once, whatever number of names it has, and a file cannot become far more than it is.
#[test]
fn tensors_that_share_a_storage_are_bounded_by_the_file() {
    let numel = 1 << 20;
    let values = vec![0u8; 4 * numel];
    let file =
        |names| archive(&[("data.pkl", &many_tensors(names, numel as u32, |_| "0".into())), ("data/0", &values)]);
    let whole = file(1001);
    let length = whole.len() as u64;
    let expected = StateDictError::TooLarge { total: 1001 << 22, file: length, limit: 8 * length };
    assert_eq!(refusal(&whole), expected);
    let shared = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(shared.path(), file(7)).unwrap();
    let tensors = read(shared.path()).unwrap().tensors;
    assert_eq!(tensors.len(), 7);
    // Each has its own copy.
    let _ = tensors["w0"].shallow_clone().fill_(1.0);
    assert_eq!(tensors["w6"].abs().max().double_value(&[]), 0.0);
}

/// Members of an archive that all lie in the same bytes, each a storage of its own.
#[test]
fn members_that_overlap_are_refused() {
    let numel = 1 << 12;
    let pickle = many_tensors(40, numel, |i| i.to_string());
    let values = vec![0u8; 4 * numel as usize];
    let names: Vec<String> = (0..40).map(|i| format!("data/{i}")).collect();
    let members: Vec<(&str, &[u8])> = std::iter::once(("data.pkl", pickle.as_slice()))
        .chain(names.iter().map(|name| (name.as_str(), values.as_slice())))
        .collect();
    let whole = archive(&members);
    assert_eq!(refusal(&overlapping(&whole, 40)), StateDictError::Archive);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &whole).unwrap();
    assert_eq!(read(file.path()).unwrap().tensors.len(), 40);
}

/// The archive with the bytes of all but one of its last `n` members taken out, and the directory leading to that one.
fn overlapping(whole: &[u8], n: usize) -> Vec<u8> {
    let end = whole.len() - 22;
    let directory = u32::from_le_bytes(whole[end + 16..end + 20].try_into().unwrap()) as usize;
    let mut entries: Vec<Vec<u8>> = Vec::new();
    let mut at = directory;
    while at < end {
        let length = 46 + usize::from(u16::from_le_bytes(whole[at + 28..at + 30].try_into().unwrap()));
        entries.push(whole[at..at + length].to_vec());
        at += length;
    }
    let (first, second) = (entries.len() - n, entries.len() - n + 1);
    let kept: [u8; 4] = entries[first][42..46].try_into().unwrap();
    let cut = u32::from_le_bytes(entries[second][42..46].try_into().unwrap()) as usize;
    entries[second..].iter_mut().for_each(|entry| entry[42..46].copy_from_slice(&kept));
    let mut tail = whole[end..].to_vec();
    tail[16..20].copy_from_slice(&(cut as u32).to_le_bytes());
    [&whole[..cut], &entries.concat(), &tail].concat()
}

/// One storage that is claimed to have another kind or length the second time: PyTorch does not write it.
#[test]
fn a_storage_has_one_kind_and_one_length() {
    let whole = many_tensors(2, 2, |_| "0".into());
    let bounds = StateDictError::Bounds { name: "w1".into(), storage: "0".into() };
    let second = whole.windows(2).rposition(|window| window == b"w1").unwrap();
    for (from, to) in [(&b"Float"[..], &b"Int"[..]), (b"J\x02\0\0\0tQ", b"J\x01\0\0\0tQ")] {
        let at = second + whole[second..].windows(from.len()).position(|window| window == from).unwrap();
        let changed = [&whole[..at], to, &whole[at + from.len()..]].concat();
        assert_eq!(pickled(&changed), bounds);
    }
}

#[test]
fn a_state_dictionary_of_pytorch_loads_into_the_network_of_its_names() {
    let path = fixture("state_dict.pt");
    let tensors = read(&path).unwrap();
    let mut params = Params::new(Device::Cpu, 1);
    let mut root = params.root();
    let mut make = |name: &str, shape: &[i64]| root.parameter(name, shape, Init::ZEROS).unwrap();
    let _ = (make("0.weight", &[3, 4, 5]), make("1.weight", &[3]), make("1.bias", &[3]));
    let _ = (make("2.weight", &[2, 3]), make("2.bias", &[2]));
    let _ = (root.buffer("1.running_mean", &[3], 9.0).unwrap(), root.buffer("1.running_var", &[3], 9.0).unwrap());
    let _ = root.counter("1.num_batches_tracked").unwrap();
    tensors.load_into(&params, &path).unwrap();
    // The parameters were filled with eighths that count up, from 0, 1, 2, .. on.
    for (i, (name, n)) in
        [("0.weight", 60), ("1.weight", 3), ("1.bias", 3), ("2.weight", 6), ("2.bias", 2)].into_iter().enumerate()
    {
        let expected = Tensor::arange(n, (Kind::Float, Device::Cpu)) / 8 + i as i64;
        assert_eq!(params.get(name).unwrap().flatten(0, -1), expected, "{name}");
    }
    assert_eq!(params.get("1.running_var").unwrap(), &Tensor::ones([3], (Kind::Float, Device::Cpu)));
}

#[test]
fn every_kind_and_layout_is_read() {
    let tensors = read(&fixture("kinds.pt")).unwrap().tensors;
    let base = Tensor::arange(12, (Kind::Float, Device::Cpu)).reshape([3, 4]);
    assert_eq!(tensors["transposed"], base.transpose(0, 1));
    assert_eq!(tensors["row"], base.get(1));
    assert_eq!(tensors["half"], Tensor::from_slice(&[1.5f32, -2.0]).to_kind(Kind::Half));
    assert_eq!(tensors["bf"], Tensor::from_slice(&[0.25f32]).to_kind(Kind::BFloat16));
    assert_eq!(tensors["double"].double_value(&[0, 0]), 1e-300);
    assert_eq!(tensors["flags"], Tensor::from_slice(&[true, false]));
    assert_eq!((tensors["int"].kind(), tensors["int"].int64_value(&[])), (Kind::Int, 7));
    assert_eq!(tensors["bytes"], Tensor::from_slice(&[1u8, 255]));
    assert_eq!(tensors["parameter"], Tensor::from_slice(&[3f32]));
    assert_eq!(tensors["empty"].size(), [0, 2]);
    assert_eq!(tensors.len(), 10);
    assert_eq!(read(&fixture("dict.pt")).unwrap().tensors["a"], Tensor::from_slice(&[1f32, 2.0]));
}

#[test]
fn a_whole_module_is_refused_and_not_run() {
    let error = read(&fixture("module.pt")).unwrap_err().to_string();
    let reason = "the pickle wants `torch.nn.modules.linear.Linear`, which a dictionary of tensors does not need; \
                  nothing was run";
    assert!(error.ends_with(reason), "{error}");
    let system = b"\x80\x02cposix\nsystem\nX\x04\0\0\0trueK\x01\x85R.";
    assert_eq!(pickled(system), StateDictError::Global { name: "posix.system".into() });
    assert_eq!(pickled(b"\x80\x02ctorch\nload\n."), StateDictError::Global { name: "torch.load".into() });
}

#[test]
fn damaged_files_are_refused() {
    let whole = std::fs::read(fixture("state_dict.pt")).unwrap();
    for n in (0..whole.len()).step_by(97) {
        assert_eq!(refusal(&whole[..n]), StateDictError::Archive, "{n} bytes");
    }
    let mut flipped = whole.clone();
    let at = whole.windows(4).position(|w| w == 0.125f32.to_le_bytes()).unwrap();
    flipped[at] ^= 1;
    assert_eq!(refusal(&flipped), StateDictError::Checksum { name: "data/0".into() });
    // A damaged byte gives the right tensors or an error, never a panic.
    for at in (0..whole.len()).step_by(3) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x55;
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &damaged).unwrap();
        let _ = read(file.path());
    }
}

#[test]
fn members_are_checked() {
    let tensor = one_tensor(2, 0, 2, 1);
    assert_eq!(refusal(&archive(&[])), StateDictError::Missing { name: "data.pkl".into() });
    assert_eq!(refusal(&archive(&[("data.pkl", &tensor)])), StateDictError::Missing { name: "data/0".into() });
    let big = [("byteorder", &b"big"[..]), ("data.pkl", &tensor)];
    assert_eq!(refusal(&archive(&big)), StateDictError::ByteOrder);
    let mut compressed = archive(&[("data.pkl", &tensor)]);
    let directory = compressed.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    compressed[directory + 10] = 8;
    assert_eq!(refusal(&compressed), StateDictError::Stored { name: "data.pkl".into() });
}

#[test]
fn tensors_beyond_their_storage_are_refused() {
    let read_back = |pickle: &[u8]| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), archive(&[("data.pkl", pickle), ("data/0", &[0; 8])])).unwrap();
        read(file.path())
    };
    assert_eq!(read_back(&one_tensor(2, 0, 2, 1)).unwrap().tensors["w"].size(), [2]);
    // Too long, too far, widely strided, repeated, or a storage of another size than announced.
    for (numel, offset, size, stride) in [(2, 0, 3, 1), (2, 2, 1, 1), (2, 0, 2, 2), (2, 0, 200, 0), (3, 0, 2, 1)] {
        let expected = StateDictError::Bounds { name: "w".into(), storage: "0".into() };
        assert_eq!(pickled(&one_tensor(numel, offset, size, stride)), expected, "{offset} {size} {stride}");
    }
}

#[test]
fn hostile_pickles_are_refused() {
    let structure = |pickle: &[u8]| matches!(pickled(pickle), StateDictError::Structure { .. });
    assert_eq!(pickled(b"\x80\x02i"), StateDictError::Instruction { code: b'i', at: 2 });
    assert_eq!(pickled(b"\x80\x02"), StateDictError::Broken { at: 2 });
    for broken in [&b"\x80\x02."[..], b"\x80\x02h\x07.", b"\x80\x02t.", b"\x80\x02X\xff\xff\xff\xff", b"\x80\x02cabc"] {
        assert!(matches!(pickled(broken), StateDictError::Broken { .. }), "{broken:?}");
    }
    assert!(structure(b"\x80\x04}."), "another protocol");
    assert!(structure(b"\x80\x02K\x01."), "a number");
    assert!(structure(b"\x80\x02}K\x01K\x02s."), "a key other than text");
    assert!(structure(b"\x80\x02}q\x00h\x00."), "the dictionary twice");
    assert!(structure(b"\x80\x02ccollections\nOrderedDict\nK\x01\x85R."), "a dictionary with arguments");
    assert!(structure(b"\x80\x02K\x01Q."), "a storage that is none");
    assert!(structure(b"\x80\x02}K\x01b."), "attributes that are none");
    assert!(structure(b"\x80\x02\x8a\x09123456789."), "a number without end");
    // A tuple in a tuple in a tuple: dropping it must not overflow the stack.
    let nested = [&b"\x80\x02K\x01"[..], &[0x85; 1_000_000], b"."].concat();
    assert!(structure(&nested), "nested tuples");
    let entry = StateDictError::Entry { name: "epoch".into() };
    assert_eq!(pickled(b"\x80\x02}X\x05\0\0\0epochK\x03s."), entry);
    let twice = one_tensor(2, 0, 2, 1);
    let pair = &twice[3..twice.len() - 1];
    let twice = [&b"\x80\x02}"[..], pair, pair, b"."].concat();
    assert_eq!(pickled(&twice), StateDictError::Duplicate { name: "w".into() });
}
