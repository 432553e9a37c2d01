//! What `promoter variants` reads.

use crate::scratch;

#[path = "../../../crates/promoter-cli/src/variants/change.rs"]
mod change;
#[path = "../../../crates/promoter-cli/src/variants/pairs.rs"]
mod paired;
#[path = "../../../crates/promoter-cli/src/variants/substitutions.rs"]
mod substitutions;
#[path = "../../../crates/promoter-cli/src/variants/windows.rs"]
mod windows;

/// Two sequences that are compared, as the command has them.
struct Variant {
    name: String,
    cells: Vec<String>,
    reference: Vec<u8>,
    alternative: Vec<u8>,
}

fn check(variants: impl Iterator<Item = anyhow::Result<Variant>>) {
    for variant in variants {
        let Ok(Variant { name, cells, reference, alternative }) = variant else { break };
        assert!(!reference.is_empty() && alternative.iter().all(|&code| code < 15), "{name} {cells:?}");
    }
}

/// Changes to sequences and to windows of a genome, VCF among them.
pub(crate) fn vcf(data: &[u8]) {
    let references = scratch::file("references.fa", b">p1 first\nACGTACGT\nNNACGT\n>p2\nTTTT\n");
    let input = scratch::file("input.vcf", data);
    for keep in [vec![], vec!["INFO".to_owned()]] {
        if let Ok(variants) = substitutions::read(&input, &references, &keep) {
            check(variants);
        }
        if let Ok(variants) = windows::read(&input, &references, 6, &keep) {
            check(variants.inspect(|variant| {
                assert!(variant.as_ref().is_ok_and(|variant| variant.reference.len() <= 6) || variant.is_err());
            }));
        }
    }
}

pub(crate) fn pairs(data: &[u8]) {
    for keep in [vec![], vec!["gene".to_owned()]] {
        if let Ok(variants) = paired::read(&scratch::file("pairs.tsv", data), &keep) {
            check(variants);
        }
    }
}
