//! Paths as data.

use serde_json::{Value as Json, json};

use super::path::{Frame, Layer};
use super::{Call, Traced, functions};
use crate::lesson::{Lesson, Sources};
use crate::report::SCHEMA_VERSION;

/// The document for `--json`; docs/checker.md tells what programs may rely on.
pub fn document(lesson: &Lesson, traced: &[Traced], function: &str) -> Json {
    let variants: Vec<Json> = traced
        .iter()
        .map(|it| {
            let sources = match it.sources {
                Sources::Exercise => "exercise",
                _ => "solution",
            };
            let calls = it.calls.as_deref().unwrap_or_default();
            json!({
                "variant": it.variant,
                "sources": sources,
                "passed_over": it.passed_over,
                "problem": it.call(function).is_none().then(|| it.why_not(function)),
                "calls": calls.iter().map(call).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({
        "schema_version": SCHEMA_VERSION,
        "lesson": lesson.manifest.id,
        "function": function,
        "functions": functions(traced),
        "variants": variants,
    })
}

fn call(call: &Call) -> Json {
    let python = call.python.iter();
    json!({
        "function": call.function,
        "scenario": call.scenario,
        "libffi": call.path.libffi.passes(),
        "libffi_known_by": call.path.libffi.why(),
        "libraries": call.path.names(),
        "python": python.map(|it| json!({
            "file": it.file, "line": it.line, "function": it.function,
        })).collect::<Vec<_>>(),
        "layers": call.path.layers.iter().map(layer).collect::<Vec<_>>(),
    })
}

fn layer(layer: &Layer) -> Json {
    json!({
        "name": layer.name,
        "kind": layer.kind,
        "file": layer.file,
        "compiled_into": layer.inside,
        "frames": layer.frames.iter().map(frame).collect::<Vec<_>>(),
    })
}

fn frame(frame: &Frame) -> Json {
    json!({ "function": frame.function, "inferred": frame.inferred, "address": frame.place })
}
