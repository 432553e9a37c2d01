//! Known motifs, planted into random sequences, are found again and named: seqlets, clusters, comparison.

#![allow(clippy::unwrap_used)] // tests

use promoter_encode::base;
use promoter_encode::random::Stream;
use promoter_motif::cluster::{Cluster, Clusters};
use promoter_motif::compare::Comparison;
use promoter_motif::scan::Scan;
use promoter_motif::seqlet::{Recursive, Seqlet, Windowed};
use promoter_motif::{Error, Motif, Strand, io};

/// JASPAR 2024, CC BY 4.0.
const JASPAR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/motifs/JASPAR2024_fungi.meme");

const LENGTH: usize = 80;

/// What is planted, with what its sites do to the prediction.
const FACTORS: [(&str, f32); 4] = [("REB1", 1.0), ("CBF1", 1.0), ("GCN4", 1.0), ("RPN4", -1.0)];

struct Planted {
    rows: Vec<Vec<u8>>,
    tracks: Vec<Vec<f32>>,
    /// Sequence, start, motif.
    sites: Vec<(usize, usize, usize)>,
}

/// A site drawn from a motif.
fn draw(motif: &Motif, stream: &mut Stream) -> Vec<u8> {
    let base = |column: &[f64; 4], stream: &mut Stream| {
        let mut rest = stream.uniform() * column.iter().sum::<f64>();
        column
            .iter()
            .position(|count| {
                rest -= count;
                rest < 0.0
            })
            .unwrap_or(3) as u8
    };
    motif.counts().iter().map(|column| base(column, stream)).collect()
}

/// One site in each sequence, on either strand; its bases matter as much as their column informs, and all else is
/// noise.
fn planted(motifs: &[Motif], count: usize, noise: f32) -> Planted {
    let mut stream = Stream::new(11, "test", 0);
    let mut planted = Planted { rows: Vec::new(), tracks: Vec::new(), sites: Vec::new() };
    for row in 0..count {
        let which = row % motifs.len();
        let mut codes: Vec<u8> = (0..LENGTH).map(|_| stream.below(4) as u8).collect();
        let mut track: Vec<f32> = (0..LENGTH).map(|_| noise * stream.normal() as f32).collect();
        let mut site = draw(&motifs[which], &mut stream);
        let mut information = motifs[which].information();
        if stream.below(2) == 1 {
            site = site.iter().rev().map(|&code| base::COMPLEMENT[code as usize]).collect();
            information.reverse();
        }
        let start = stream.below((LENGTH - site.len()) as u64) as usize;
        codes[start..start + site.len()].copy_from_slice(&site);
        for (value, bits) in track[start..].iter_mut().zip(information) {
            *value += 0.2 * FACTORS[which].1 * bits as f32;
        }
        planted.rows.push(codes);
        planted.tracks.push(track);
        planted.sites.push((row, start, which));
    }
    planted
}

fn named(all: &[Motif]) -> Vec<Motif> {
    FACTORS.iter().map(|(name, _)| all.iter().find(|motif| motif.name() == *name).unwrap().clone()).collect()
}

/// The patterns are the planted motifs, each once, by name and sign.
fn assert_recovered(all: &[Motif], found: &Clusters) {
    let queries: Vec<Motif> = found.patterns.iter().map(|pattern| pattern.motif.clone()).collect();
    let best = Comparison::default().targets(all).unwrap().best(&queries, 0.01).unwrap();
    let mut names: Vec<(&str, bool)> = best
        .iter()
        .zip(&found.patterns)
        .map(|(best, p)| (best.map_or("?", |b| all[b.target].name()), p.raises()))
        .collect();
    names.sort_unstable();
    let mut expected: Vec<(&str, bool)> = FACTORS.iter().map(|&(name, sign)| (name, sign > 0.0)).collect();
    expected.sort_unstable();
    let consensus: Vec<String> = queries.iter().map(Motif::consensus).collect();
    assert_eq!(names, expected, "{consensus:?}");
}

#[test]
fn planted_motifs_are_recovered_from_recursive_seqlets() {
    let all = io::read(JASPAR).unwrap();
    let motifs = named(&all);
    let planted = planted(&motifs, 400, 0.03);
    let seqlets = Recursive::default().find(&planted.tracks).unwrap();
    let found = Cluster::default().find(&planted.rows, &planted.tracks, &seqlets).unwrap();
    assert_recovered(&all, &found);

    // Nearly every site is in a pattern, and nearly every member of a pattern is a site.
    let overlaps = |seqlet: &Seqlet, &(sequence, start, which): &(usize, usize, usize)| {
        seqlet.sequence == sequence && seqlet.start < start + motifs[which].width() && start < seqlet.end
    };
    let members: Vec<&Seqlet> = found.patterns.iter().flat_map(|p| &p.members).map(|m| &seqlets[m.seqlet]).collect();
    let recovered = planted.sites.iter().filter(|site| members.iter().any(|seqlet| overlaps(seqlet, site))).count();
    let sites = members.iter().filter(|seqlet| planted.sites.iter().any(|site| overlaps(seqlet, site))).count();
    assert!(recovered >= 350, "{recovered} of 400 sites");
    assert!(sites * 20 >= members.len() * 19, "{sites} of {} members", members.len());
    assert_eq!(members.len() + found.left_over.len(), seqlets.len());
}

#[test]
fn planted_motifs_are_recovered_from_windowed_seqlets() {
    let all = io::read(JASPAR).unwrap();
    let planted = planted(&named(&all), 400, 0.03);
    let seqlets = Windowed { most_passing: 0.1, ..Windowed::default() }.find(&planted.tracks).unwrap();
    let found = Cluster::default().find(&planted.rows, &planted.tracks, &seqlets).unwrap();
    assert_recovered(&all, &found);
}

#[test]
fn strong_noise_leaves_the_planted_motifs_among_the_patterns() {
    let all = io::read(JASPAR).unwrap();
    // A base of a sharp column has 0.4: a standard deviation of 0.15 hides single bases, not sites.
    let planted = planted(&named(&all), 400, 0.15);
    let seqlets = Recursive::default().find(&planted.tracks).unwrap();
    let found = Cluster::default().find(&planted.rows, &planted.tracks, &seqlets).unwrap();
    let patterns: Vec<Motif> = found.patterns.iter().map(|pattern| pattern.motif.clone()).collect();
    let best = Comparison::default().targets(&all).unwrap().best(&patterns, 0.05).unwrap();
    for (name, _) in FACTORS {
        assert!(best.iter().flatten().any(|best| all[best.target].name() == name), "{name}");
    }
    assert!(patterns.len() <= 7 && patterns.iter().all(|motif| motif.width() >= Cluster::default().min_overlap));
    assert!(!found.left_over.is_empty(), "noise has seqlets too");
}

#[test]
fn members_say_where_the_motif_lies() {
    let all = io::read(JASPAR).unwrap();
    let planted = planted(&named(&all), 200, 0.03);
    let seqlets = Recursive::default().find(&planted.tracks).unwrap();
    let found = Cluster::default().find(&planted.rows, &planted.tracks, &seqlets).unwrap();
    for pattern in &found.patterns {
        let width = pattern.motif.width();
        let mut counts = vec![[0.0; 4]; width];
        for member in &pattern.members {
            let seqlet = &seqlets[member.seqlet];
            let row = &planted.rows[seqlet.sequence];
            for (column, bases) in counts.iter_mut().enumerate() {
                let along = column as isize - member.offset;
                let (position, turn) = match member.strand {
                    Strand::Forward => (seqlet.start as isize + along, false),
                    Strand::Reverse => (seqlet.end as isize - 1 - along, true),
                };
                if let Some(&code) = usize::try_from(position).ok().and_then(|position| row.get(position)) {
                    bases[usize::from(if turn { 3 - code } else { code })] += 1.0;
                }
            }
        }
        assert_eq!(counts, pattern.motif.counts());
    }
}

#[test]
fn scans_find_planted_sites_again() {
    let all = io::read(JASPAR).unwrap();
    let motifs = named(&all);
    let planted = planted(&motifs, 400, 0.03);
    let hits = Scan { p_value: 1e-3, ..Scan::default() }.scanner(&motifs).unwrap().hits(&planted.rows).unwrap();
    let found = |&(sequence, start, motif): &(usize, usize, usize)| {
        hits.iter().any(|hit| (hit.sequence, hit.start, hit.motif) == (sequence, start, motif))
    };
    let recovered = planted.sites.iter().filter(|site| found(site)).count();
    assert!(recovered >= 360, "{recovered} of 400 sites");
    // Two strands, four motifs, 400 times about 70 places, at a thousandth each: about 220 by chance.
    assert!(hits.len() < 400 + 400, "{}", hits.len());
}

#[test]
fn what_cannot_be_clustered_is_refused() {
    let (rows, tracks) = ([[0_u8; 5]], [[0.0_f32; 5]]);
    let seqlet = |sequence, start, end| [Seqlet { sequence, start, end, score: 1.0, p_value: 0.1 }];
    let find = |cluster: Cluster, seqlets: &[Seqlet]| cluster.find(&rows, &tracks, seqlets);
    let cluster = Cluster::default();
    for seqlets in [seqlet(1, 0, 3), seqlet(0, 3, 3), seqlet(0, 2, 6)] {
        assert!(matches!(find(cluster, &seqlets), Err(Error::Seqlet { .. })), "{seqlets:?}");
    }
    let refused = cluster.find(&rows, &[[0.0_f32; 4]], &[]);
    assert!(matches!(refused, Err(Error::Length { what: "a track", expected: 5, found: 4 })));
    assert!(matches!(cluster.find(&rows, &[[0.0_f32; 5]; 2], &[]), Err(Error::Length { .. })));
    for wrong in [
        Cluster { similarity: 0.0, ..cluster },
        Cluster { similarity: 1.1, ..cluster },
        Cluster { min_overlap: 0, ..cluster },
        Cluster { least_members: 0, ..cluster },
        Cluster { flank: usize::MAX, ..cluster },
    ] {
        assert!(matches!(find(wrong, &[]), Err(Error::Setting { .. })));
    }
    let nothing = find(cluster, &[]).unwrap();
    assert!(nothing.patterns.is_empty() && nothing.left_over.is_empty());
}
