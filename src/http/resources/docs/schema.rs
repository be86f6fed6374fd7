//! JSON schemas in words and links.

use serde_json::Value;

use super::html::{escaped, inline, prose};
use super::{array, object, put, text};

/// One named schema with its fields.
pub(super) fn define(out: &mut String, name: &str, schema: &Value) {
    let name = escaped(name);
    put(out, format_args!("<article><h3 id=\"schema-{name}\"><code>{name}</code></h3>\n"));
    out.push_str(&prose(text(&schema["description"])));
    out.push_str("<dl>\n");
    fields(out, schema);
    for part in array(&schema["allOf"]) {
        if part["$ref"].is_string() {
            put(out, format_args!("<dt>and all of</dt><dd>{}</dd>\n", describe(part)));
        }
        fields(out, part);
    }
    let values: Vec<_> = array(&schema["enum"])
        .map(|value| format!("<code>{}</code>", escaped(text(value))))
        .collect();
    if !values.is_empty() {
        put(out, format_args!("<dt>one of</dt><dd>{}</dd>\n", values.join(" ")));
    }
    out.push_str("</dl>\n</article>\n");
}

fn fields(out: &mut String, schema: &Value) {
    for (field, about) in object(&schema["properties"]) {
        let needed =
            if array(&schema["required"]).any(|name| name == field) { "" } else { ", optional" };
        let (field, kind) = (escaped(field), describe(about));
        let about = inline(text(&about["description"]));
        put(
            out,
            format_args!(
                "<dt><code>{field}</code> <small>{kind}{needed}</small></dt><dd>{about}</dd>\n"
            ),
        );
    }
}

/// A type in a few words, with a link where it has a name.
pub(super) fn describe(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        let name = escaped(name);
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    let choices: Vec<_> =
        array(&schema["oneOf"]).chain(array(&schema["allOf"])).map(describe).collect();
    if !choices.is_empty() {
        return choices.join(" or ");
    }
    // One type, or several in an array.
    let kinds: Vec<_> = match schema["type"].as_array() {
        Some(kinds) => kinds.iter().map(text).collect(),
        None => vec![text(&schema["type"])],
    };
    let described = kinds.iter().map(|kind| match *kind {
        "array" => format!("array of {}", describe(&schema["items"])),
        "" => "any".to_owned(),
        kind => escaped(kind).into_owned(),
    });
    described.collect::<Vec<_>>().join(" or ")
}
