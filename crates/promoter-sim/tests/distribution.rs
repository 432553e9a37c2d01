//! The default assay looks like the measured one, and is not solved by counting short words.

#![allow(clippy::unwrap_used)]

use std::sync::OnceLock;

use promoter_encode::base;
use promoter_metrics::{Regression, ridge::Ridge};
use promoter_sim::{Assay, Simulation, simulate};

/// The default assay at a tenth of its size.
fn simulation() -> &'static Simulation {
    static SIMULATION: OnceLock<Simulation> = OnceLock::new();
    SIMULATION.get_or_init(|| simulate(&Assay { rows: 4000, ..Assay::default() }).unwrap())
}

fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n;
    (mean, (values.map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt())
}

#[test]
fn labels_look_like_the_measured_ones() {
    let labels = simulation().table.labels();
    let share = |f: &dyn Fn(f32) -> bool| labels.iter().filter(|&&y| f(y)).count() as f64 / labels.len() as f64;
    let integers = share(&|y| y.fract() == 0.0);
    assert!((0.50..0.66).contains(&integers), "{integers}");
    let high = share(&|y| y > 8.0);
    assert!((0.86..0.95).contains(&high), "{high}");
    assert!(labels.iter().all(|y| (0.0..=17.0).contains(y)));
    assert!(labels.iter().any(|&y| y < 3.0) && labels.iter().any(|&y| y > 16.0));
    let (mean, sd) = moments(labels.iter().map(|&y| f64::from(y)));
    assert!((mean - 11.15).abs() < 0.3 && (sd - 2.35).abs() < 0.15, "{mean} {sd}");
}

#[test]
fn the_noise_ceiling_is_the_correlation_with_the_truth() {
    let simulation = simulation();
    let labels = || simulation.table.labels().iter().map(|&y| f64::from(y));
    let truth = || simulation.truth.iter().map(|&x| f64::from(x));
    let ((a, sd_a), (b, sd_b)) = (moments(labels()), moments(truth()));
    let covariance = labels().zip(truth()).map(|(x, y)| (x - a) * (y - b)).sum::<f64>() / simulation.truth.len() as f64;
    assert!((simulation.noise_ceiling - covariance / (sd_a * sd_b)).abs() < 1e-12);
    assert!((0.80..0.88).contains(&simulation.noise_ceiling), "{}", simulation.noise_ceiling);
    // The truth is the mean of the labels, not only a number that goes up with them.
    assert!((a - b).abs() < 0.1, "{a} {b}");
    let slope = covariance / (sd_b * sd_b);
    assert!((slope - 1.0).abs() < 0.05, "{slope}");
}

#[test]
fn rows_are_the_construct_with_a_random_insert_of_the_stated_composition() {
    let simulate = |planting| {
        let mut assay = Assay { rows: 2000, ..Assay::default() };
        assay.planting.probability = planting;
        simulate(&assay).unwrap()
    };
    let mut counts = [0_u32; 4];
    for (codes, _) in simulate(0.0).table.rows() {
        let text: String = codes.iter().map(|&code| char::from(base::to_ascii(code))).collect();
        assert!(
            text.len() == 110 && text.starts_with("TGCATTTTTTTCACATC") && text.ends_with("GGTTACGGCTGTT"),
            "{text}"
        );
        codes[17..97].iter().for_each(|&code| counts[usize::from(code)] += 1);
    }
    for (count, share) in counts.into_iter().zip([0.224, 0.193, 0.286, 0.297]) {
        assert!((f64::from(count) / 160_000.0 - share).abs() < 0.005, "{counts:?}");
    }
    for (codes, _) in simulate(1.0).table.rows() {
        let text: String = codes.iter().map(|&code| char::from(base::to_ascii(code))).collect();
        assert!(
            text.len() == 110 && text.starts_with("TGCATTTTTTTCACATC") && text.ends_with("GGTTACGGCTGTT"),
            "{text}"
        );
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let assay = Assay { rows: 300, ..Assay::default() };
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| simulate(&assay).unwrap())
    };
    let one = with(1);
    assert_eq!(one, with(2));
    assert_eq!(one, with(7));
    let longer = simulate(&Assay { rows: 301, ..assay.clone() }).unwrap();
    assert_eq!(longer.table.codes(299), one.table.codes(299));
    assert_eq!(longer.sites[..300], one.sites);
    let other = simulate(&Assay { seed: 2, ..assay }).unwrap();
    assert_ne!(other.table.codes(0), one.table.codes(0));
}

#[test]
fn counting_short_words_stays_well_below_the_ceiling_and_knowing_the_sites_comes_near_it() {
    let simulation = simulate(&Assay { rows: 8000, ..Assay::default() }).unwrap();
    let rows: Vec<&[u8]> = simulation.table.rows().map(|(codes, _)| codes).collect();
    let labels = simulation.table.labels();
    let ridge = Ridge::fit(&rows[..6000], &labels[..6000]).unwrap();
    let words = Regression::of(&labels[6000..], &ridge.predict(&rows[6000..])).unwrap().pearson;
    assert!((0.3..simulation.noise_ceiling - 0.2).contains(&words), "{words}");
    // The sum of the effects of the listed sites leaves out their interplay and all weak sites.
    let effects: Vec<f32> = simulation.sites.iter().map(|row| row.iter().map(|site| site.effect).sum()).collect();
    let sites = Regression::of(labels, &effects).unwrap().pearson;
    assert!((words + 0.1..simulation.noise_ceiling).contains(&sites), "{sites}");
}
