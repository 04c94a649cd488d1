//! Which layer of isolation this machine offers: tried once in each process that needs it, by doing. A watch tries for all of its
//! checks.

use std::fmt;
use std::path::Path;
use std::sync::OnceLock;

use anyhow::ensure;
use serde::{Deserialize, Serialize};

use super::frame::{Frame, Specification};
use super::launch::Supervised;
use super::{Access, Ending, Job, isolation};
use crate::interrupt;
use crate::lesson::Limits;

/// How much stands between a payload and the machine, least first. Limits, and the end of everything that was started,
/// belong to each of them.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum Isolation {
    /// Nothing else: a payload can read and write what its user can, and use the network.
    None,
    /// Rules for files, system calls and sockets, in the machine's own file tree.
    Landlock,
    /// User, process, mount, network and IPC namespaces with a file tree of its own; the rules besides.
    Full,
}

impl Isolation {
    /// The fixed word for it, as on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Isolation::None => "none",
            Isolation::Landlock => "landlock",
            Isolation::Full => "full",
        }
    }
}

impl fmt::Display for Isolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What was found out about this machine.
#[derive(Clone, Debug)]
pub struct Found {
    /// The most that works, up to what is wanted.
    pub isolation: Isolation,
    /// What did not work and why, the most first.
    pub refusals: Vec<(Isolation, String)>,
}

static WANTED: OnceLock<Isolation> = OnceLock::new();
static FOUND: OnceLock<Found> = OnceLock::new();

/// Asks for this much at most. The first call wins; without any, everything that works is used.
pub fn use_isolation(wanted: Isolation) {
    WANTED.get_or_init(|| wanted);
}

/// What runs are asked to have.
pub fn wanted_isolation() -> Isolation {
    *WANTED.get_or_init(|| Isolation::Full)
}

/// What runs have: tried when it is first asked for, which takes some milliseconds.
pub fn found_isolation() -> &'static Found {
    FOUND.get_or_init(|| find(wanted_isolation()))
}

/// Takes over what the checker that has started this one has found out: everything works. Should it be otherwise, no run starts.
pub fn take_as_tried() {
    if wanted_isolation() == Isolation::Full {
        FOUND.get_or_init(|| Found {
            isolation: Isolation::Full,
            refusals: Vec::new(),
        });
    }
}

/// What was found, if any run needed it.
pub fn known_isolation() -> Option<&'static Found> {
    FOUND.get()
}

/// The generation of Landlock in this kernel; 0 for none.
pub fn landlock_generation() -> i64 {
    isolation::landlock_generation()
}

impl Found {
    /// What a reader has to know when runs have less than was wanted; one line for the state, one for the remedy.
    pub fn shortfall(&self) -> Option<String> {
        let (_, cause) = self.refusals.first()?;
        let (state, next) = match self.isolation {
            Isolation::Full => return None,
            Isolation::Landlock => (
                "without namespaces: bridges share /proc, signals and the real /tmp with you",
                "allow unprivileged user namespaces",
            ),
            Isolation::None => (
                "without isolation: a bridge can read and write what you can",
                "allow user namespaces or Landlock; until then run only code that you would also run by hand",
            ),
        };
        Some(format!(
            "runs are {state} ({cause})\n  next: {next}; `checker doctor` says more, `--isolation {}` accepts it in silence",
            self.isolation
        ))
    }
}

fn find(wanted: Isolation) -> Found {
    let mut refusals = Vec::new();
    for isolation in [Isolation::Full, Isolation::Landlock] {
        if isolation > wanted {
            continue;
        }
        match try_out(isolation) {
            Ok(()) => {
                return Found {
                    isolation,
                    refusals,
                };
            }
            Err(error) => refusals.push((isolation, format!("{error:#}"))),
        }
    }
    Found {
        isolation: Isolation::None,
        refusals,
    }
}

/// Runs a program that must be able to start, and unable to write a file outside or to reach the network.
fn try_out(isolation: Isolation) -> anyhow::Result<()> {
    const ANSWER: i32 = 7;
    let outside = interrupt::folder(tempfile::tempdir)?;
    let job = Job {
        program: "/bin/sh".into(),
        args: ["-c".into(), format!("exit {ANSWER}").into()].into(),
        env: Vec::new(),
        cwd: Path::new("/").to_owned(),
        limits: Limits::DEFAULT,
        access: Access::default(),
    };
    let specification = Specification {
        trial: Some(outside.path().to_owned()),
        isolation,
        ..Specification::new(&job, false)
    };
    match Supervised::start(&specification)?.next()? {
        Frame::Ended(ended) => {
            ensure!(
                ended.ending == Ending::Exited(ANSWER),
                "a trial ended with {:?}",
                ended.ending
            );
            Ok(())
        }
        Frame::Fault(text) => anyhow::bail!(text),
        Frame::Reply(_) | Frame::Result(..) => anyhow::bail!("a trial answered"),
    }
}
