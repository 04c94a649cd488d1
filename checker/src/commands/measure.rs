//! What `doctor --measure` measures: what the border costs, how soon it ends what must end, and how small it stays.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use serde_json::{Value as Json, json};

use crate::border::{self, Ending, Isolation, Job, Limit};
use crate::lesson::Limits;

/// How often each program is started for the cost.
const ROUNDS: usize = 60;
/// How often something is let run into its limit.
const ENDINGS: u32 = 3;
/// What the flood writes, bytes.
const FLOOD: u64 = 1_000_000_000;

/// Ignores what can be ignored, and holds its pipes in a second session.
const STUBBORN: &str =
    "trap '' TERM HUP INT ABRT; setsid sh -c 'sleep 600 & exec sleep 600' & exec sleep 600";

/// What was measured.
pub struct Measured {
    /// What each layer adds to the bare start of a program, milliseconds.
    costs: Vec<(Isolation, f64)>,
    /// From the wall limit of a stubborn run to the end of everything, by layer, seconds: the longest of a few.
    endings: Vec<(Isolation, f64)>,
    /// How much more memory the checker and a supervisor need at most while a program writes a gigabyte, KiB.
    growth: (u64, u64),
}

/// Measures. The memory of children is a maximum over all that ever ran, so this has to come before others are started.
///
/// # Errors
/// When the border fails.
pub fn measure() -> anyhow::Result<Measured> {
    let growth = growth()?;
    let offered = border::found_isolation().isolation;
    let layers: Vec<Isolation> = [Isolation::None, Isolation::Landlock, Isolation::Full]
        .into_iter()
        .filter(|layer| *layer <= offered)
        .collect();
    let endings = layers.iter().map(|layer| Ok((*layer, ending(*layer)?)));
    Ok(Measured {
        costs: costs(&layers)?,
        endings: endings.collect::<anyhow::Result<_>>()?,
        growth,
    })
}

fn job(program: &str, args: &[&str], limits: Limits) -> Job {
    Job {
        program: program.into(),
        args: args.iter().map(Into::into).collect(),
        env: vec![("PATH".into(), "/usr/bin:/bin".into())],
        cwd: Path::new("/").to_owned(),
        limits,
        access: border::Access::default(),
    }
}

/// The smallest of many for each layer, taken in turn, so that a busy machine disturbs all alike.
fn costs(layers: &[Isolation]) -> anyhow::Result<Vec<(Isolation, f64)>> {
    let job = job("/bin/true", &[], Limits::default());
    let mut bare = Duration::MAX;
    let mut least = vec![Duration::MAX; layers.len()];
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        Command::new("/bin/true").env_clear().status()?;
        bare = bare.min(begin.elapsed());
        for (layer, least) in layers.iter().zip(&mut least) {
            let begin = Instant::now();
            border::run_in(*layer, &job)?;
            *least = begin.elapsed().min(*least);
        }
    }
    let added = |least: &Duration| least.saturating_sub(bare).as_secs_f64() * 1000.0;
    let all = layers.iter().copied();
    Ok(all.zip(least.iter().map(added)).collect())
}

fn ending(layer: Isolation) -> anyhow::Result<f64> {
    const WALL: u64 = 1;
    let limits = Limits {
        wall_seconds: WALL,
        ..Limits::default()
    };
    let job = job("/bin/sh", &["-c", STUBBORN], limits);
    let mut longest = 0.0_f64;
    for _ in 0..ENDINGS {
        let begin = Instant::now();
        let ended = border::run_in(layer, &job)?;
        let taken = begin.elapsed().saturating_sub(Duration::from_secs(WALL));
        ensure!(
            ended.ending == Ending::Stopped(Limit::Time),
            "a run without end ended with {:?}",
            ended.ending
        );
        longest = longest.max(taken.as_secs_f64());
    }
    Ok(longest)
}

fn growth() -> anyhow::Result<(u64, u64)> {
    let writing = |bytes: u64| {
        let limits = Limits {
            output_kib: FLOOD / 1000,
            wall_seconds: 60,
            ..Limits::default()
        };
        let ended = border::run(&job(
            "/bin/sh",
            &["-c", &format!("head -c {bytes} /dev/zero")],
            limits,
        ))?;
        ensure!(
            ended.stdout.total == bytes,
            "of {bytes} bytes, {} came ({:?})",
            ended.stdout.total,
            ended.ending
        );
        Ok((own_peak()?, peak_of_children()?))
    };
    let idle = writing(1)?;
    let busy = writing(FLOOD)?;
    Ok((busy.0.saturating_sub(idle.0), busy.1.saturating_sub(idle.1)))
}

/// The most memory that this process has had, KiB.
fn own_peak() -> anyhow::Result<u64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    u64::try_from(usage.max_rss()).context("a negative amount of memory")
}

/// The same of the largest process that it, or one below it, has waited for.
fn peak_of_children() -> anyhow::Result<u64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    u64::try_from(usage.max_rss()).context("a negative amount of memory")
}

impl Measured {
    /// For people.
    pub fn text(&self) -> String {
        let mut text =
            "\nCost over a bare start of the same program, smallest of many:\n".to_owned();
        for (layer, cost) in &self.costs {
            text += &format!("  {:8}  {cost:.1} ms\n", layer.name());
        }
        text += "\nFrom a time limit to the end of everything, for a run that ignores signals and forks away:\n";
        for (layer, seconds) in &self.endings {
            text += &format!("  {:8}  {seconds:.2} s\n", layer.name());
        }
        let (checker, supervisor) = self.growth;
        text + &format!(
            "\nMemory beyond rest while a program writes 1 GB: checker {checker} KiB, supervisor {supervisor} KiB.\n"
        )
    }

    /// Adds it to the document of `doctor`.
    pub fn add_to(&self, document: &mut Json) {
        let by_layer = |figures: &[(Isolation, f64)]| -> serde_json::Map<String, Json> {
            let figures = figures.iter();
            figures
                .map(|(layer, figure)| (layer.name().to_owned(), json!(figure)))
                .collect()
        };
        document["isolation_cost"] = by_layer(&self.costs).into();
        document["ending_seconds"] = by_layer(&self.endings).into();
        document["memory_growth_kib"] =
            json!({ "checker": self.growth.0, "supervisor": self.growth.1 });
    }
}
