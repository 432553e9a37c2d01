//! Types and values as they stand in a cell.

use serde_json::Value;

use super::{choices, description, is_table, properties, table_of};

/// A default of more letters is described, not shown.
const SHOWN: usize = 60;

/// The type of a value, or the values that it may have.
pub(super) fn kind(field: &Value) -> String {
    if field.get("anyOf").is_some() && table_of(field) != field {
        return "name or table".into();
    }
    if is_table(field) {
        return "table".into();
    }
    if let Some(choices) = field.get("anyOf").and_then(Value::as_array) {
        return choices.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    if !choices(field).is_empty() {
        return choices(field).iter().map(form).collect::<Vec<_>>().join(", ");
    }
    let names = names(field);
    if !names.is_empty() {
        return names.join(", ");
    }
    let elements = || match &field["items"] {
        Value::Array(each) => each.first().map(plural).unwrap_or_default(),
        element => plural(element),
    };
    match field["type"].as_str() {
        Some("array") => match field["minItems"].as_u64() {
            Some(count) => format!("list of {count} {}", elements()),
            None => format!("list of {}", elements()),
        },
        Some("string") => "text".into(),
        Some("boolean") => "`true` or `false`".into(),
        Some("object") => "table".into(),
        other => other.unwrap_or("any value").into(),
    }
}

fn plural(element: &Value) -> String {
    match (element["type"].as_str(), choices(element)) {
        (_, [_, ..]) => format!("these: {}", kind(element)),
        (Some("array"), _) => format!("lists of {}", plural(&element["items"])),
        (Some("object"), _) => "tables".into(),
        (_, []) => kind(element) + "s",
    }
}

/// How a choice is written: a name, or a table with one key.
fn form(choice: &Value) -> String {
    if let [name, ..] = &names(choice)[..] {
        return name.clone();
    }
    let inner = |field: &Value| match &properties(field)[..] {
        [] => kind(field),
        keys => {
            let keys: Vec<String> = keys.iter().map(|(key, field)| format!("{key} = {}", kind(field))).collect();
            format!("{{ {} }}", keys.join(", ")).replace('`', "")
        }
    };
    let keys: Vec<String> = properties(choice).iter().map(|(key, field)| format!("{key} = {}", inner(field))).collect();
    format!("`{{ {} }}`", keys.join(", "))
}

/// The names that a value may be.
pub(super) fn names(field: &Value) -> Vec<String> {
    let listed = field.get("enum").and_then(Value::as_array).into_iter().flatten();
    field.get("const").into_iter().chain(listed).map(literal).collect()
}

/// What each of several values means.
pub(super) fn meanings(field: &Value) -> Vec<String> {
    if is_table(field) {
        return Vec::new();
    }
    let name = field.get("anyOf").and_then(Value::as_array).into_iter().flatten().find(|one| one.get("enum").is_some());
    if let Some(presets) = name {
        return vec![format!("Presets: {}.", names(presets).join(", "))];
    }
    let of = match choices(field) {
        [] => choices(&field["items"]),
        own => own,
    };
    of.iter().map(|choice| format!("{}: {}", form(choice), description(choice))).collect()
}

/// A value as it is written in TOML.
pub(super) fn literal(value: &Value) -> String {
    let text = toml(value);
    match value {
        Value::Array(values) if text.len() > SHOWN => format!("{} entries, see `--print-config`", values.len()),
        _ if text.len() > SHOWN => "see `--print-config`".into(),
        _ => format!("`{text}`"),
    }
}

fn toml(value: &Value) -> String {
    let list = |values: Vec<String>| values.join(", ");
    match value {
        Value::Object(table) => {
            format!("{{ {} }}", list(table.iter().map(|(key, value)| format!("{key} = {}", toml(value))).collect()))
        }
        Value::Array(values) => format!("[{}]", list(values.iter().map(toml).collect())),
        other => other.to_string(),
    }
}
