//! `checker watch`.

use clap::ValueEnum;
use supports_hyperlinks::Stream;

use crate::cli::{Colour, Global};
use crate::flow::course;
use crate::flow::store::Store;
use crate::variant::{Backend, Bridge};
use crate::watch::{self, Options};
use crate::workspace::Workspace;
use crate::{language, links, output, words};

/// Check a lesson at each save, and show the result of what is on the disk.
///
/// Keys: h hint, e explain, n next, l list, a run all, r run again, q quit. Without a terminal, with --plain or TERM=dumb, it
/// writes plain lines, and each of these letters with Enter does the same.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The lesson; the one where you are when none is named.
    lesson: Option<String>,
    /// Only this bridge; may be given more than once.
    #[arg(long, value_enum)]
    bridge: Vec<Bridge>,
    /// Only this backend.
    #[arg(long, value_enum)]
    backend: Option<Backend>,
    /// Look at the files again and again instead of waiting for events, as is done by itself where none come.
    #[arg(long)]
    poll: bool,
    /// After each report, print each problem in a line for editors, as `run --problems` does.
    #[arg(long)]
    problems: bool,
}

/// Watches until it is told to end.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    let workspace = Workspace::find()?;
    let lesson = course::meant(&workspace, args.lesson.as_deref())?;
    let id = lesson.manifest.id.clone();
    if let Err(error) = Store::of(&workspace).update(|state| state.current = Some(id)) {
        let warning = words!("watch-forgotten", problem = error.to_string());
        let next = words!("run-next", step = error.next_step());
        output::remark(&format!("{warning}\n  {next}"));
    }
    let options = args.options(global);
    watch::watch(&workspace, lesson, &options)
}

impl Args {
    fn options(&self, global: &Global) -> Options {
        let mut other = vec![
            format!("--color={}", colour(global)),
            format!("--links={}", links()),
            format!("--language={}", language::chosen().code()),
            format!("--isolation={}", typed(&global.isolation)),
        ];
        if global.plain {
            other.push("--plain".to_owned());
        }
        if let Some(python) = &global.python {
            other.push(format!("--python={}", python.display()));
        }
        let mut check = other.clone();
        if global.json {
            check.push("--json".to_owned());
        }
        if self.problems {
            check.push("--problems".to_owned());
        }
        for bridge in &self.bridge {
            check.push(format!("--bridge={}", typed(bridge)));
        }
        if let Some(backend) = self.backend {
            check.push(format!("--backend={}", typed(&backend)));
        }
        Options {
            check,
            other,
            poll: self.poll,
            json: global.json,
        }
    }
}

/// A value as one types it.
fn typed(value: &impl ValueEnum) -> String {
    let known = value.to_possible_value();
    known.map_or_else(String::new, |it| it.get_name().to_owned())
}

/// The same of links.
fn links() -> &'static str {
    if links::on(Stream::Stdout) {
        "always"
    } else {
        "never"
    }
}

/// A check writes to a pipe, so it has to be told what our own output can show.
fn colour(global: &Global) -> &'static str {
    let shown = match global.color {
        _ if global.plain => false,
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => {
            anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
        }
    };
    if shown { "always" } else { "never" }
}
