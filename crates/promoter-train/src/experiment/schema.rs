//! The JSON schema of experiment files, for editors and for the reference.

use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use super::Experiment;

impl Experiment {
    /// The JSON schema (draft 7, which TOML editors read) of an experiment file: keys, types, values and defaults, with
    /// what the documentation of the types says of each. What depends on several keys is not in it.
    ///
    /// ```
    /// let schema = promoter_train::Experiment::schema();
    /// assert_eq!(schema["required"][0], "data");
    /// assert_eq!(schema["properties"]["training"]["properties"]["accumulate"]["default"], 1);
    /// ```
    pub fn schema() -> Value {
        let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
        let mut schema = SchemaGenerator::from(settings.with_transform(for_toml)).into_root_schema_for::<Self>();
        schema.insert("title".to_owned(), "Experiment file of promoter".into());
        schema.to_value()
    }
}

/// TOML has no null: a key is omitted. Descriptions are prose, and formats of integers say nothing that bounds do not.
fn for_toml(schema: &mut Schema) {
    transform_subschemas(&mut for_toml, schema);
    remove_default(schema);
    schema.remove("format");
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [one] = &types[..] {
            let one = one.clone();
            schema.insert("type".to_owned(), one);
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    without_null(schema);
    if let Some(Value::String(text)) = schema.get("description") {
        let mut text = prose(text);
        if schema.get("default").is_some() {
            text.truncate(text.find(" Default: ").unwrap_or(text.len()));
        }
        schema.insert("description".to_owned(), text.into());
    }
}

/// A key that may be omitted has no default of null, and a table has those of its keys.
fn remove_default(schema: &mut Schema) {
    let is_table = |choice: &Value| choice.get("properties").is_some();
    let choices = schema.get("anyOf").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if schema.get("default") == Some(&Value::Null) || schema.get("properties").is_some() || choices.iter().any(is_table)
    {
        schema.remove("default");
    }
}

/// An optional value is the value: its only alternative is that the key is omitted.
fn without_null(schema: &mut Schema) {
    let Some(Value::Array(choices)) = schema.get_mut("anyOf") else { return };
    let before = choices.len();
    choices.retain(|choice| choice.get("type") != Some(&Value::from("null")));
    if let (true, [Value::Object(one)]) = (choices.len() < before, &choices[..]) {
        let one = one.clone();
        schema.remove("anyOf");
        for (key, value) in one {
            // What is said of the key tells more than what is said of its type.
            schema.ensure_object().entry(key).or_insert(value);
        }
    }
}

/// A documentation comment up to its first heading or example, with the names of its links only.
fn prose(comment: &str) -> String {
    let end = ["\n# ", "```"].iter().filter_map(|mark| comment.find(mark)).min().unwrap_or(comment.len());
    let comment = if comment.starts_with("# ") { "" } else { &comment[..end] };
    let paragraphs = comment.split("\n\n").map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "));
    let text = paragraphs.filter(|paragraph| !paragraph.is_empty()).collect::<Vec<_>>().join("\n\n");
    linkless(&text)
}

/// `[name](target)` and [`name`] become `name`; what is a link only, in parentheses, is left out.
fn linkless(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("[`") {
        let Some(length) = rest[at..].find("`]") else { break };
        out += &rest[..at];
        out += &rest[at + 1..at + length + 1];
        rest = &rest[at + length + 2..];
        if let (true, Some(end)) = (rest.starts_with('('), rest.find(')')) {
            rest = &rest[end + 1..];
        }
        if let (Some(open), true) = (out.rfind(" (`"), rest.starts_with(')')) {
            out.truncate(open);
            rest = &rest[1..];
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_prose() {
        let comment = "How [`Fit`]\nand [`that`](super::that) go, 0..1 [0, 1] ([`seen`](there)).\n\n\
            More.\n\n```\ncode\n```\n\n# Source\nA.";
        assert_eq!(prose(comment), "How `Fit` and `that` go, 0..1 [0, 1].\n\nMore.");
    }

    #[test]
    fn no_key_may_be_null() {
        assert!(!Experiment::schema().to_string().contains("null"));
    }
}
