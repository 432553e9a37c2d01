//! What `promoter variants` reads.

use crate::scratch;

#[path = "../../../crates/promoter-cli/src/variants/pairs.rs"]
mod paired;
#[path = "../../../crates/promoter-cli/src/variants/substitutions.rs"]
mod substitutions;

/// Two sequences that are compared, as the command has them.
struct Variant {
    name: String,
    reference: Vec<u8>,
    alternative: Vec<u8>,
}

fn check(variants: impl Iterator<Item = anyhow::Result<Variant>>) {
    for variant in variants {
        let Ok(Variant { name, reference, alternative }) = variant else { break };
        assert!(!reference.is_empty() && alternative.iter().all(|&code| code < 15), "{name}");
    }
}

/// Changes to sequences, VCF among them.
pub(crate) fn vcf(data: &[u8]) {
    let references = scratch::file("references.fa", b">p1 first\nACGTACGTNNACGT\n>p2\nTTTT\n");
    if let Ok(variants) = substitutions::read(&scratch::file("input.vcf", data), &references) {
        check(variants);
    }
}

pub(crate) fn pairs(data: &[u8]) {
    if let Ok(variants) = paired::read(&scratch::file("pairs.tsv", data)) {
        check(variants);
    }
}
