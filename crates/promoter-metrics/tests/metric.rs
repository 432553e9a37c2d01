//! Metrics by name, and those that teams computed.

use promoter_metrics::{Error, Metric, Regression};

#[test]
fn metrics_are_as_the_teams_coded_them() {
    let fixture: serde_json::Value = serde_json::from_str(include_str!("fixtures/metrics_as_coded.json")).unwrap();
    let column = |name: &str| -> Vec<f32> {
        fixture[name].as_array().unwrap().iter().map(|x| x.as_f64().unwrap() as f32).collect()
    };
    let (truth, prediction) = (column("y_true"), column("y_pred"));
    // The figures were computed in single precision.
    for (metric, key, tolerance) in [
        (Metric::Pearson, "pearson_r", 1e-6),
        (Metric::RSquaredCorrelation, "madlab_correlation_coefficient_metric_(=r squared)", 1e-6),
        (Metric::MeanBatchR2, "r_square_metric", 1e-6),
        (Metric::Mse, "mse", 1e-7),
    ] {
        let expected = fixture[key].as_f64().unwrap();
        let value = metric.of(&truth, &prediction, truth.len()).unwrap();
        assert!((value - expected).abs() < tolerance, "{metric}: {value} is not {expected}");
    }
}

#[test]
fn metrics_per_batch_are_means_over_batches() {
    let truth = [1.0, 5.0, 3.0, 2.0, 8.0, 9.0, 4.0];
    let prediction = [2.0, 4.0, 3.5, 1.0, 9.0, 7.0, 4.5];
    let batches = [(0, 3), (3, 6), (6, 7)];
    let r2 = batches.map(|(a, b)| {
        let (t, p): (&[f64], &[f64]) = (&truth[a..b], &prediction[a..b]);
        let mean = t.iter().sum::<f64>() / t.len() as f64;
        let residual: f64 = t.iter().zip(p).map(|(t, p)| (t - p).powi(2)).sum();
        1.0 - residual / (t.iter().map(|t| (t - mean).powi(2)).sum::<f64>() + 1e-7)
    });
    let value = Metric::MeanBatchR2.of(&truth, &prediction, 3).unwrap();
    assert!((value / (r2.iter().sum::<f64>() / 3.0) - 1.0).abs() < 1e-12);
    // The last batch has one row: its correlation does not exist.
    assert!(Metric::RSquaredCorrelation.of(&truth, &prediction, 3).unwrap().is_nan());
    let value = Metric::RSquaredCorrelation.of(&truth[..6], &prediction[..6], 3).unwrap();
    let r = |a: usize, b: usize| Regression::of(&truth[a..b], &prediction[a..b]).unwrap().pearson;
    assert!((value - (r(0, 3).powi(2) + r(3, 6).powi(2)) / 2.0).abs() < 1e-15);
    for metric in Metric::ALL {
        let (all, split) = (metric.of(&truth, &prediction, 7).unwrap(), metric.of(&truth, &prediction, 4).unwrap());
        assert_eq!(all != split, metric.is_per_batch(), "{metric}");
    }
}

#[test]
fn accuracy_counts_equal_classes() {
    assert_eq!(Metric::Accuracy.of(&[3.0f32, 0.0, 4095.0, 7.0], &[3.0, 1.0, 4095.0, 7.0], 1), Ok(0.75));
    assert_eq!(Metric::Accuracy.of::<f32>(&[], &[], 1), Err(Error::Empty));
}

#[test]
fn names_round_trip_and_unknown_ones_list_the_known() {
    for metric in Metric::ALL {
        assert_eq!(metric.name().parse(), Ok(metric));
    }
    let error = "r_2".parse::<Metric>().unwrap_err();
    assert!(matches!(error, Error::UnknownMetric { .. }));
    assert_eq!(
        error.to_string(),
        "unknown metric `r_2`: known are pearson, spearman, r2, mse, mae, accuracy, \
         mean_batch_r2, r_squared_correlation"
    );
    assert_eq!((Metric::Mse.higher_is_better(), Metric::Mse.unit()), (false, "label units squared"));
}

#[cfg(feature = "serde")]
#[test]
fn configurations_use_the_same_names() {
    for metric in Metric::ALL {
        assert_eq!(serde_json::to_value(metric).unwrap(), metric.name());
        assert_eq!(serde_json::from_value::<Metric>(metric.name().into()).unwrap(), metric);
    }
    let error = serde_json::from_str::<Metric>("\"r_2\"").unwrap_err().to_string();
    assert!(error.contains("expected one of") && error.contains("mean_batch_r2"), "{error}");
}

#[test]
fn bad_input_is_named() {
    assert_eq!(Metric::MeanBatchR2.of(&[1.0], &[1.0], 0), Err(Error::NoBatch { metric: "mean_batch_r2" }));
    assert_eq!(Metric::MeanBatchR2.of::<f32>(&[], &[], 0), Err(Error::Empty));
    assert_eq!(Metric::Pearson.of(&[1.0], &[], 0), Err(Error::Length { truth: 1, prediction: 0 }));
    assert!(matches!(Metric::RSquaredCorrelation.of(&[1.0], &[f32::NAN], 1), Err(Error::NotFinite { .. })));
}
