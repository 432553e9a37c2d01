//! The reference of experiment files as a page: a section for each table, a row for each key.

mod value;

use serde_json::{Map, Value};

/// What stands before the sections.
const INTRODUCTION: &str = include_str!("introduction.txt");

/// Tables in the order in which an experiment is thought of.
const ORDER: &[&str] = &[
    "data",
    "filter",
    "split",
    "encoding",
    "label",
    "network",
    "start",
    "loss",
    "optimiser",
    "sharpness",
    "schedule",
    "augment",
    "evaluation",
    "memory",
    "training",
];

/// A table of more keys has a section of its own, where one key of several tables may be given.
const INLINE_KEYS: usize = 3;

/// The page of a schema that [`Experiment::schema`](promoter::train::Experiment::schema) gives.
pub(super) fn page(schema: &Value) -> String {
    let mut page = Page { text: INTRODUCTION.to_owned(), written: Vec::new() };
    let (tables, values): (Vec<_>, Vec<_>) = properties(schema).into_iter().partition(|(_, field)| is_table(field));
    page.text += "\n## Keys before the first table\n\n";
    page.rows(schema, &values);
    let place = |name: &str| ORDER.iter().position(|known| *known == name).unwrap_or(ORDER.len());
    let mut tables = tables;
    tables.sort_by_key(|(name, _)| place(name));
    for (name, field) in tables {
        page.section(2, name, field, required(schema).contains(&name));
    }
    page.text
}

struct Page<'a> {
    text: String,
    /// Tables that stand on the page, with the path of each.
    written: Vec<(&'a Value, String)>,
}

impl<'a> Page<'a> {
    /// The section of a table, or of the tables of which one may be given.
    fn section(&mut self, depth: usize, path: &str, schema: &'a Value, required: bool) {
        let state = if required { "" } else { "Optional. " };
        self.heading(depth, &format!("`[{path}]`"), &format!("{state}{}", description(schema)));
        self.content(depth, path, schema);
    }

    fn content(&mut self, depth: usize, path: &str, schema: &'a Value) {
        let table = schema.get("anyOf").map_or(schema, |_| table_of(schema));
        let same = self.written.iter().find(|(other, _)| properties(other) == properties(table));
        if let (Some((_, other)), false) = (same, properties(table).is_empty()) {
            self.text += &format!("\nIt has the keys of `[{other}]`.\n");
            return;
        }
        if let Some(tag) = tag(table) {
            return self.variants(depth, path, tag, choices(table));
        }
        if !choices(table).is_empty() {
            return self.alternatives(depth, path, choices(table));
        }
        self.written.push((table, path.to_owned()));
        self.keys(depth, path, table, None);
    }

    /// A table whose key `tag` says which others there are.
    fn variants(&mut self, depth: usize, path: &str, tag: &str, variants: &'a [Value]) {
        for variant in variants {
            let of_tag = &variant["properties"][tag];
            let names = value::names(of_tag).join(", ");
            let title = match variant["title"].as_str() {
                Some(title) => format!("`{title}`"),
                None => format!("`{tag} = {}`", names.trim_matches('`')),
            };
            self.heading(depth + 1, &title, &description(variant));
            if of_tag.get("enum").is_some() {
                self.text += &format!("\n`{tag}`: {names}.\n");
            }
            self.keys(depth + 1, path, variant, Some(tag));
        }
    }

    /// One of several keys, each with a table or a value of its own.
    fn alternatives(&mut self, depth: usize, path: &str, variants: &'a [Value]) {
        self.text += "\nOne of these:\n";
        for variant in variants {
            for (name, field) in properties(variant) {
                let path = format!("{path}.{name}");
                if properties(field).is_empty() {
                    let text = format!("`{name}` = {}", value::kind(field));
                    self.heading(depth + 1, &format!("`{path}`"), &format!("{text}. {}", description(variant)));
                } else {
                    self.heading(depth + 1, &format!("`[{path}]`"), &description(variant));
                    self.content(depth + 1, &path, field);
                }
            }
        }
    }

    /// The keys of a table, then the tables in it.
    fn keys(&mut self, depth: usize, path: &str, table: &'a Value, tag: Option<&str>) {
        let fields: Vec<_> = properties(table).into_iter().filter(|(name, _)| Some(*name) != tag).collect();
        if fields.is_empty() {
            return;
        }
        self.text += "\n";
        self.rows(table, &fields);
        for (name, field) in fields {
            let path = format!("{path}.{name}");
            if let Some(element) = field.get("items").filter(|element| !properties(element).is_empty()) {
                self.heading(depth + 1, &format!("`[[{path}]]`"), &description(field));
                self.content(depth + 1, &path, element);
            } else if is_table(field) || has_table(field) {
                self.section(depth + 1, &path, field, required(table).contains(&name));
            }
        }
    }

    fn rows(&mut self, table: &Value, fields: &[(&str, &Value)]) {
        self.text += "| key | type or values | default | meaning |\n|---|---|---|---|\n";
        for (name, field) in fields {
            let default = match field.get("default") {
                _ if required(table).contains(name) => "required".to_owned(),
                Some(default) => value::literal(default),
                None if is_table(field) || has_table(field) => "optional".to_owned(),
                // What the presets of a network differ in.
                None if description(field).contains(" Default: ") => "by name".to_owned(),
                None => "omitted".to_owned(),
            };
            let meaning =
                [description(field)].into_iter().chain(value::meanings(field)).collect::<Vec<_>>().join("<br>");
            let cells = [&format!("`{name}`"), &value::kind(field), &default, &meaning];
            self.text += &format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "));
        }
    }

    fn heading(&mut self, depth: usize, title: &str, text: &str) {
        self.text += &format!("\n{} {title}\n", "#".repeat(depth));
        for line in wrapped(text) {
            self.text += &format!("{line}\n");
        }
    }
}

/// Paragraphs in lines of at most 120 columns, each after a blank line.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        lines.push(String::new());
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > 120 {
                lines.push(std::mem::take(&mut line));
            }
            line += if line.is_empty() { "" } else { " " };
            line += word;
        }
        lines.push(line);
    }
    lines
}

/// The keys of a table: those that must be given first.
fn properties(schema: &Value) -> Vec<(&str, &Value)> {
    let Some(fields) = schema.get("properties").and_then(Value::as_object) else { return Vec::new() };
    let required = required(schema);
    let place = |name: &str| required.iter().position(|known| *known == name).unwrap_or(required.len());
    let mut fields: Vec<(&str, &Value)> = fields.iter().map(|(name, field)| (name.as_str(), field)).collect();
    fields.sort_by_key(|(name, _)| place(name));
    fields
}

fn required(schema: &Value) -> Vec<&str> {
    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn choices(schema: &Value) -> &[Value] {
    schema.get("oneOf").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn description(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().to_owned()
}

/// The table where a value is a name or a table.
fn table_of(schema: &Value) -> &Value {
    let choices = schema.get("anyOf").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    choices.iter().find(|choice| choice.get("properties").is_some()).unwrap_or(schema)
}

/// Whether a value may be a table that has a section.
fn has_table(schema: &Value) -> bool {
    table_of(schema).get("properties").is_some()
}

/// Whether a value is always a table that has a section.
fn is_table(schema: &Value) -> bool {
    let is_large = |field: &Value| field["properties"].as_object().map_or(0, Map::len) > INLINE_KEYS;
    let inner = |variant: &Value| properties(variant).iter().any(|(_, field)| is_large(field));
    schema.get("properties").is_some() || tag(schema).is_some() || choices(schema).iter().any(inner)
}

/// The key that says which other keys there are.
fn tag(schema: &Value) -> Option<&'static str> {
    let is_tag = |name: &&str| {
        let names = |variant: &Value| {
            let field = &variant["properties"][*name];
            field.get("const").is_some() || (variant.get("title").is_some() && field.get("enum").is_some())
        };
        !choices(schema).is_empty() && choices(schema).iter().all(names)
    };
    ["kind", "name"].into_iter().find(is_tag)
}
