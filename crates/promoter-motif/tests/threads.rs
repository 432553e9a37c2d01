//! The number of threads changes nothing.

#![cfg(feature = "rayon")]
#![allow(clippy::unwrap_used)] // tests

use promoter_encode::random::Stream;
use promoter_motif::cluster::Cluster;
use promoter_motif::compare::Comparison;
use promoter_motif::scan::Scan;
use promoter_motif::seqlet::{Recursive, Windowed};
use promoter_motif::{Motif, io};

const JASPAR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/motifs/JASPAR2024_fungi.meme");

/// What every part of the crate makes of the same sequences, as text.
fn everything() -> String {
    let motifs = io::read(JASPAR).unwrap();
    let mut stream = Stream::new(3, "test", 0);
    let rows: Vec<Vec<u8>> = (0..1200).map(|_| (0..80).map(|_| stream.below(4) as u8).collect()).collect();
    // CACGTG matters.
    let track = |row: &Vec<u8>, stream: &mut Stream| {
        let mut track: Vec<f32> = row.iter().map(|_| 0.1 * stream.normal() as f32).collect();
        for start in 0..row.len() - 4 {
            if row[start..start + 5] == [1, 0, 1, 2, 3] {
                track[start..start + 5].iter_mut().for_each(|value| *value += 1.0);
            }
        }
        track
    };
    let tracks: Vec<Vec<f32>> = rows.iter().map(|row| track(row, &mut stream)).collect();
    let hits = Scan::default().scanner(&motifs[..40]).unwrap().hits(&rows).unwrap();
    let seqlets = Recursive { bins: 200, ..Recursive::default() }.find(&tracks).unwrap();
    let windows = Windowed::default().find(&tracks).unwrap();
    let clusters = Cluster::default().find(&rows, &tracks, &seqlets).unwrap();
    let patterns: Vec<Motif> = clusters.patterns.iter().map(|pattern| pattern.motif.clone()).collect();
    let best = Comparison::default().targets(&motifs).unwrap().best(&patterns, 1.0).unwrap();
    assert!(hits.len() > 100 && seqlets.len() > 50 && windows.len() > 50 && !patterns.is_empty());
    format!("{hits:?}\n{seqlets:?}\n{windows:?}\n{clusters:?}\n{best:?}")
}

#[test]
fn one_thread_and_five_find_the_same() {
    let on = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(everything);
    assert!(on(1) == on(5));
}
