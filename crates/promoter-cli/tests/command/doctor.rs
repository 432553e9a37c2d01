//! `promoter doctor`.

use super::{fails, succeeds};

#[test]
fn the_processor_agrees_with_itself_and_is_timed() {
    let folder = tempfile::tempdir().unwrap();
    let page = succeeds("doctor madlab --device cpu --batches 2 --json {}/doctor.json", folder.path());
    let json: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(folder.path().join("doctor.json")).unwrap()).unwrap();
    let network = &json["networks"][0];
    assert_eq!(network["name"], "madlab");
    let comparison = &network["comparisons"][0];
    assert_eq!((comparison["precision"].as_str(), comparison["agrees"].as_bool()), (Some("f32"), Some(true)));
    assert!(comparison["predictions"].as_f64().unwrap() < 1e-6);
    assert!(network["steps"][0]["step"].as_f64().unwrap() > 0.0);
    assert!(page.contains("| madlab | 319657 | f32 |") || page.contains("| madlab | 317353 | f32 |"), "{page}");
    assert!(page.contains("| madlab | f32 | 2 |"), "{page}");
}

#[test]
fn unknown_networks_are_named() {
    let folder = tempfile::tempdir().unwrap();
    fails("doctor pepa --device cpu", folder.path(), 1, &["pepa", "peppa"]);
}
