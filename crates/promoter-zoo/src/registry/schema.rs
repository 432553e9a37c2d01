//! The JSON schema of a network's table in a configuration file.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};

use super::NetworkConfig;
use crate::Architecture;
use crate::architecture::Preset;

/// One table for each network. Written by hand, as reading is: serde's attributes know one preset of each only.
impl JsonSchema for NetworkConfig {
    fn schema_name() -> Cow<'static, str> {
        "Network".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "oneOf": Self::schemas(generator) })
    }
}

/// The table of one network: the name of a preset, and any of the network's fields, also under their earlier names.
pub(super) fn of<C: Architecture + JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    let mut fields = Map::new();
    if let Some(Value::Object(properties)) = C::json_schema(generator).remove("properties") {
        fields = properties;
    }
    for (name, field) in &mut fields {
        if let Some(field) = field.as_object_mut() {
            set_default(field, name, C::PRESETS);
        }
    }
    for (earlier, now) in C::RENAMED {
        let Some(mut field) = fields.get(*now).cloned() else { continue };
        field["description"] = format!("Earlier name of `{now}`.").into();
        field["deprecated"] = true.into();
        fields.insert((*earlier).to_owned(), field);
    }
    let names: Vec<&str> = C::PRESETS.iter().map(|(name, _)| *name).collect();
    fields.insert("name".to_owned(), json_schema!({ "description": description(&names), "enum": names }).into());
    json_schema!({
        "title": C::NAME,
        "description": format!("Source: {}.", C::SOURCE),
        "type": "object",
        "properties": fields,
        "required": ["name"],
        "additionalProperties": false,
    })
}

fn description(names: &[&str]) -> String {
    match names {
        [_] => "Name of the network.".into(),
        _ => "Name of the network, or of a preset: they differ in their defaults.".into(),
    }
}

/// The default of a field is the preset's. Where presets differ, it is in the field's description.
fn set_default<C: Architecture>(field: &mut Map<String, Value>, name: &str, presets: &[Preset<C>]) {
    let default = |preset: &Preset<C>| {
        let fields = serde_json::to_value(preset.1()).unwrap_or_default();
        Some((preset.0, fields.get(name).cloned()?))
    };
    field.remove("default");
    // What is not written has its default in its description.
    let Some(defaults) = presets.iter().map(default).collect::<Option<Vec<(&str, Value)>>>() else { return };
    if defaults.iter().all(|(_, value)| *value == defaults[0].1) {
        field.extend(defaults.into_iter().take(1).map(|(_, value)| ("default".to_owned(), value)));
        return;
    }
    let of_each: Vec<String> = defaults.iter().map(|(preset, value)| format!("{value} for `{preset}`")).collect();
    let before = field.get("description").and_then(Value::as_str).unwrap_or_default();
    let text = format!("{before} Default: {}.", of_each.join(", "));
    field.insert("description".to_owned(), text.trim().into());
}
