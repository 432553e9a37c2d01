//! The reference of experiment files as a page.

use serde_json::Value;

pub(super) fn page(_schema: &Value) -> String {
    String::new()
}
