//! The two streams: results go to standard output, everything else to standard error.

use std::io::{ErrorKind, Write};

use crate::errors::ExpectedError;

/// Writes a finished text to standard output; styles in it are dropped where nobody would see them.
pub fn result(text: &str) -> anyhow::Result<()> {
    let mut stdout = anstream::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {
            Err(ExpectedError::BrokenPipe.into())
        }
        other => Ok(other?),
    }
}

/// Writes a document to standard output, as JSON with a final newline.
pub fn json(document: &serde_json::Value) -> anyhow::Result<()> {
    result(&format!("{}\n", serde_json::to_string_pretty(document)?))
}

/// Writes a remark to standard error. A closed stream is not worth ending a run for.
pub fn remark(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}
