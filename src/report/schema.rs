//! The JSON Schemas of the JSON outputs, made from the structs that are written.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::{SchemaOf, decode, model, ndjson};

pub(super) fn schema(which: SchemaOf) -> Value {
    match which {
        SchemaOf::Report => of::<model::Report>("phoneboot report"),
        SchemaOf::Event => of::<ndjson::Line<'static>>("phoneboot event"),
        SchemaOf::Decode => of::<decode::Line>("phoneboot decode"),
    }
}

/// The schema of what is written: every field that is always there is required.
fn of<T: JsonSchema>(title: &str) -> Value {
    let mut schema = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<T>();
    schema.insert("title".into(), title.into());
    let mut schema = schema.to_value();
    unwrap_descriptions(&mut schema);
    schema
}

/// Takes the line ends out of descriptions, which stand where the source has them.
fn unwrap_descriptions(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(text) if name == "description" => *text = text.replace('\n', " "),
                    _ => unwrap_descriptions(field),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(unwrap_descriptions),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_are_valid_and_name_their_output() {
        for (which, title) in [
            (SchemaOf::Report, "phoneboot report"),
            (SchemaOf::Event, "phoneboot event"),
            (SchemaOf::Decode, "phoneboot decode"),
        ] {
            let schema = schema(which);
            assert_eq!(schema["title"], title);
            jsonschema::meta::validate(&schema).unwrap();
            assert!(!schema.to_string().contains(r"\n"));
        }
    }

    #[test]
    fn every_described_field_has_a_description() {
        let schema = schema(SchemaOf::Report);
        for (name, definition) in schema["$defs"].as_object().unwrap() {
            for (field, about) in definition["properties"].as_object().unwrap() {
                assert!(about["description"].is_string(), "{name}.{field}");
            }
        }
    }
}
