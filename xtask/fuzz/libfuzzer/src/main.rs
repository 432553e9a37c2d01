//! libFuzzer over one target, which `PROMOTER_FUZZ_TARGET` names.
#![no_main]

use std::sync::OnceLock;

use promoter_fuzz::{TARGETS, Target, target};

fn chosen() -> &'static Target {
    static CHOSEN: OnceLock<&Target> = OnceLock::new();
    CHOSEN.get_or_init(|| {
        let name = std::env::var("PROMOTER_FUZZ_TARGET").unwrap_or_default();
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        target(&name).unwrap_or_else(|| panic!("PROMOTER_FUZZ_TARGET is {name:?}, expected one of {names:?}"))
    })
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| (chosen().run)(data));
