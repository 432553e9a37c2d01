//! Seqlets against another program, a slow reference and what was planted.

#![allow(clippy::unwrap_used)] // tests

use promoter_encode::random::Stream;
use promoter_motif::Error;
use promoter_motif::seqlet::{Recursive, Seqlet, Windowed};

/// Noise with stretches that are raised or lowered.
fn tracks(planted: &[(usize, usize, usize, f32)], count: usize) -> Vec<Vec<f32>> {
    let mut stream = Stream::new(5, "test", 0);
    let mut tracks: Vec<Vec<f32>> =
        (0..count).map(|_| (0..90).map(|_| 0.05 * stream.normal() as f32).collect()).collect();
    for &(sequence, start, end, height) in planted {
        tracks[sequence][start..end].iter_mut().for_each(|value| *value += height);
    }
    tracks
}

#[test]
fn recursive_seqlets_are_those_of_tangermeme() {
    let text = include_str!("fixtures/tangermeme_recursive_seqlets.json");
    let fixture: serde_json::Value = serde_json::from_str(text).unwrap();
    let tracks: Vec<Vec<f32>> = serde_json::from_value(fixture["attributions"].clone()).unwrap();
    let found = Recursive { flank: 1, bins: 500, ..Recursive::default() }.find(&tracks).unwrap();
    let mut positive: Vec<Seqlet> = found.into_iter().filter(|seqlet| seqlet.score > 0.0).collect();
    positive.sort_by(|a, b| a.p_value.total_cmp(&b.p_value));
    let expected = fixture["seqlets"].as_array().unwrap();
    assert_eq!(positive.len(), expected.len());
    for (own, other) in positive.iter().zip(expected) {
        let place = [own.sequence, own.start, own.end].map(|value| value as u64);
        assert_eq!(place, ["sequence", "start", "end"].map(|key| other[key].as_u64().unwrap()), "{own:?} {other}");
        assert!((own.score - other["attribution"].as_f64().unwrap()).abs() < 1e-4);
        assert!((own.p_value / other["p"].as_f64().unwrap() - 1.0).abs() < 1e-4, "{own:?} {other}");
    }
}

#[test]
fn planted_stretches_of_both_signs_are_found() {
    let planted = [(0, 20, 28, 0.4), (0, 60, 67, -0.3), (3, 0, 6, 0.5), (5, 83, 90, -0.5), (6, 40, 50, 0.3)];
    let tracks = tracks(&planted, 40);
    let recursive = Recursive { threshold: 0.001, ..Recursive::default() }.find(&tracks).unwrap();
    let windowed = Windowed::default().find(&tracks).unwrap();
    for (sequence, start, end, height) in planted {
        let hit = |seqlet: &&Seqlet| {
            let common = seqlet.end.min(end).saturating_sub(seqlet.start.max(start));
            seqlet.sequence == sequence && seqlet.score * f64::from(height) > 0.0 && 2 * common > end - start
        };
        assert!(recursive.iter().any(|seqlet| hit(&seqlet)), "{sequence} {start}");
        assert!(windowed.iter().any(|seqlet| hit(&seqlet)), "{sequence} {start}");
    }
    assert!(recursive.len() < 2 * planted.len(), "{recursive:?}");
    let ordered = |seqlets: &[Seqlet]| seqlets.is_sorted_by_key(|seqlet| (seqlet.sequence, seqlet.start));
    assert!(ordered(&recursive) && ordered(&windowed));
    assert!(recursive.windows(2).all(|pair| pair[0].sequence < pair[1].sequence || pair[0].end <= pair[1].start));
}

#[test]
fn tracks_of_the_other_sign_give_the_same_seqlets() {
    let planted = [(0, 20, 28, 0.4), (1, 60, 67, -0.3)];
    let tracks = tracks(&planted, 8);
    let turned: Vec<Vec<f32>> = tracks.iter().map(|track| track.iter().map(|value| -value).collect()).collect();
    let places = |seqlets: Vec<Seqlet>, sign: f64| -> Vec<_> {
        seqlets.iter().map(|s| (s.sequence, s.start, s.end, (sign * s.score).to_bits())).collect()
    };
    let recursive = Recursive::default();
    assert_eq!(places(recursive.find(&tracks).unwrap(), 1.0), places(recursive.find(&turned).unwrap(), -1.0));
}

#[test]
fn every_part_of_a_recursive_seqlet_stands_out() {
    // Four values in four bins: the null of k values is the sum of k bins, counted here one by one.
    let track: Vec<f32> =
        [0, 0, 1, 0, 3, 3, 2, 3, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 3, 0].map(|bin| bin as f32 - 1.0).to_vec();
    let recursive = Recursive { threshold: 0.07, shortest: 2, longest: 4, flank: 0, bins: 4 };
    let p_value = |stretch: &[f32]| {
        let sums = stretch.iter().fold(vec![0.0], |sums, _| {
            sums.iter().flat_map(|sum| track.iter().map(move |value| sum + value)).collect()
        });
        let sum: f32 = stretch.iter().sum();
        sums.iter().filter(|&&other| other >= sum).count() as f64 / sums.len() as f64
    };
    let stands_out = |start: usize, end: usize| {
        (start..end).all(|a| (a + 2..=end).all(|b| p_value(&track[a..b]) < recursive.threshold))
    };
    let seqlets = recursive.find(std::slice::from_ref(&track)).unwrap();
    assert!(seqlets.iter().any(|seqlet| (seqlet.start, seqlet.end) == (4, 8)), "{seqlets:?}");
    for seqlet in seqlets {
        assert!(stands_out(seqlet.start, seqlet.end));
        assert!((seqlet.p_value / p_value(&track[seqlet.start..seqlet.end]) - 1.0).abs() < 1e-9);
    }
}

#[test]
fn tracks_in_which_nothing_stands_out_give_nothing() {
    for tracks in [vec![], vec![vec![]], vec![vec![0.5; 50]], vec![vec![1.0]]] {
        assert_eq!(Recursive::default().find(&tracks).unwrap(), []);
        assert_eq!(Windowed::default().find(&tracks).unwrap(), []);
    }
    let short = vec![vec![1.0, 2.0, 3.0], vec![0.0; 3]];
    assert_eq!(Recursive::default().find(&short).unwrap(), []);
    assert_eq!(Windowed::default().find(&short).unwrap(), []);
}

#[test]
fn settings_outside_their_range_are_refused() {
    let tracks = [vec![0.0, 1.0]];
    let recursive = Recursive::default();
    for (wrong, name) in [
        (Recursive { threshold: 1.5, ..recursive }, "threshold"),
        (Recursive { shortest: 0, ..recursive }, "shortest"),
        (Recursive { longest: 3, ..recursive }, "longest"),
        (Recursive { bins: 1, ..recursive }, "bins"),
        (Recursive { flank: usize::MAX, ..recursive }, "flank"),
    ] {
        assert!(matches!(wrong.find(&tracks), Err(Error::Setting { setting, .. }) if setting == name));
    }
    let windowed = Windowed::default();
    for (wrong, name) in [
        (Windowed { window: 0, ..windowed }, "window"),
        (Windowed { flank: usize::MAX, ..windowed }, "flank"),
        (Windowed { fdr: f64::NAN, ..windowed }, "fdr"),
        (Windowed { least_passing: 0.5, ..windowed }, "least_passing"),
        (Windowed { most_passing: 1.5, ..windowed }, "least_passing"),
    ] {
        assert!(matches!(wrong.find(&tracks), Err(Error::Setting { setting, .. }) if setting == name));
    }
}
