//! The two streams: results go to standard output, everything else to standard error.

use std::io::{ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::{AutoStream, ColorChoice};
use supports_hyperlinks::Stream;

use crate::errors::ExpectedError;
use crate::links;

/// Whether somebody wants lines only, as they read well aloud.
static PLAIN: AtomicBool = AtomicBool::new(false);

/// From now on, nothing is drawn, and what tables and signs tell is told in words.
pub fn be_plain() {
    PLAIN.store(true, Ordering::Relaxed);
}

/// Whether [`be_plain`] was called.
pub fn is_plain() -> bool {
    PLAIN.load(Ordering::Relaxed)
}

/// Writes a finished text to standard output. Styles in it are dropped where nobody would see them; names of files become
/// links where the terminal opens them.
pub fn result(text: &str) -> anyhow::Result<()> {
    let choice = AutoStream::choice(&std::io::stdout());
    write(&dressed(text, choice, Stream::Stdout))
}

fn write(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
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
    write(&format!("{}\n", serde_json::to_string_pretty(document)?))
}

/// Writes a remark to standard error. A closed stream is not worth ending a run for.
pub fn remark(text: &str) {
    let choice = AutoStream::choice(&std::io::stderr());
    let text = dressed(text, choice, Stream::Stderr);
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Links are no colour, and are decided by themselves.
fn dressed(text: &str, choice: ColorChoice, stream: Stream) -> String {
    let text = match choice {
        ColorChoice::Never => anstream::adapter::strip_str(text).to_string(),
        _ => text.to_owned(),
    };
    if links::on(stream) {
        links::marked(&text)
    } else {
        text
    }
}
