//! The supervisor: a process of its own that starts one payload, watches it, and ends everything that it started.
//!
//! It has one thread and one loop. Why a payload was ended is what this loop decided, never what a signal number suggests.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use nix::errno::Errno;
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::signal::{SigSet, Signal, kill, killpg};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::time::{TimeVal, TimeValLike};
use nix::unistd::{Pid, getpgid, getpgrp};

use super::frame::{Frame, Specification};
use super::pipes::{Channel, Pipes};
use super::process_tree::{self, Process};
use super::{Ended, Ending, Isolation, Limit, isolation, results};
use crate::lesson::Limits;

/// How long a payload over its time limit may take to print its stack.
const LAST_WORDS: Duration = Duration::from_millis(150);
/// How long helpers of a payload may take to notice that it has ended, before they count as left behind.
const AFTERMATH: Duration = Duration::from_millis(250);
/// How long ending everything may take; thousands of processes on a busy machine need a second.
const KILLING: Duration = Duration::from_secs(5);
/// How often processes and memory are looked at, at least and at most.
const GLANCES: (Duration, Duration) = (Duration::from_millis(4), Duration::from_millis(16));
/// How long one turn of a respite may take.
const TURN: Duration = Duration::from_millis(4);

/// The whole work of a supervisor: reads a specification from standard input, runs it, reports on standard output.
pub fn supervise() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the supervisor failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let mut control = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let events = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    isolation::become_supervisor().context("cannot become a supervisor")?;
    let specification = read_specification(&mut control)?;
    let mut pipes = Pipes::new(control, events)?;
    let mut watch = Watch::new(&specification)?;
    let last = match watch.run(&specification, &mut pipes) {
        Ok(ended) => Frame::Ended(ended),
        Err(error) => {
            // Whatever went wrong, nothing that was started may stay; the first fault is the one to report.
            let _ = watch.end_everything(&mut pipes);
            Frame::Fault(format!("{error:#}"))
        }
    };
    if !pipes.deliver(&last)? {
        for folder in &specification.legacy {
            // One that is gone was removed by its owner's last act.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
    Ok(())
}

/// Reads exactly the specification, since what follows belongs to the payload.
fn read_specification(control: &mut File) -> anyhow::Result<Specification> {
    let mut length = [0; 4];
    control
        .read_exact(&mut length)
        .context("no specification")?;
    let mut json = vec![0; u32::from_le_bytes(length) as usize];
    control
        .read_exact(&mut json)
        .context("half a specification")?;
    serde_json::from_slice(&json).context("cannot understand the specification")
}

/// Why the supervisor ends a payload.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reason {
    Reached(Limit),
    Dismissed,
}

/// A payload under watch.
struct Watch {
    limits: Limits,
    last_words: Duration,
    children: SignalFd,
    /// Outside of a box the payload's own id is known; inside of one only its first process is.
    payload: Option<Pid>,
    /// The first process of the box, whose end is the end of all.
    init: Option<Pid>,
    /// How the payload itself ended, once it has.
    status: Option<ExitStatus>,
    /// Whether any child is left to wait for.
    alone: bool,
}

impl Watch {
    fn new(specification: &Specification) -> anyhow::Result<Self> {
        let mut signals = SigSet::empty();
        signals.add(Signal::SIGCHLD);
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        Ok(Watch {
            limits: specification.limits.clone(),
            last_words: specification.access.last_words.unwrap_or(LAST_WORDS),
            children: SignalFd::with_flags(&signals, flags)?,
            payload: None,
            init: None,
            status: None,
            alone: true,
        })
    }

    /// Starts the payload, watches it until it ends or must be ended, ends everything else.
    fn run(&mut self, specification: &Specification, pipes: &mut Pipes) -> anyhow::Result<Ended> {
        let folder = self.start(specification, pipes)?;
        let started = Instant::now();
        let mut reason = self.watch(started, pipes)?;
        let wall = started.elapsed();
        let leaked = match reason {
            None => self.count_left_behind(pipes)?,
            Some(_) => 0,
        };
        self.end_everything(pipes)?;
        pipes.drain();
        if let Some(folder) = folder {
            results::send(&folder, &specification.access.results, pipes)?;
        }
        if reason.is_none() && pipes.output() > self.output_limit() {
            reason = Some(Reason::Reached(Limit::Output));
        }
        let cpu = cpu_time(&getrusage(UsageWho::RUSAGE_CHILDREN)?);
        Ok(Ended {
            ending: self.ending(reason, cpu)?,
            stdout: std::mem::take(&mut pipes.out).finish(),
            stderr: std::mem::take(&mut pipes.err).finish(),
            leaked,
            wall,
            cpu,
            results: Vec::new(),
        })
    }

    /// Starts the payload; the folder is where its results will lie, if any are wanted.
    fn start(
        &mut self,
        specification: &Specification,
        pipes: &mut Pipes,
    ) -> anyhow::Result<Option<File>> {
        let (stdout, their_stdout) = io::pipe()?;
        let (stderr, their_stderr) = io::pipe()?;
        let (channel, theirs) = match specification.channel {
            true => {
                let (their_requests, requests) = io::pipe()?;
                let (replies, their_replies) = io::pipe()?;
                isolation::let_inherit(&their_requests)?;
                isolation::let_inherit(&their_replies)?;
                let channel = Channel { requests, replies };
                (Some(channel), Some((their_requests, their_replies)))
            }
            false => (None, None),
        };
        let command = || -> io::Result<Command> {
            let mut command = plain_command(specification);
            command.stdout(their_stdout).stderr(their_stderr);
            if let Some((requests, replies)) = &theirs {
                command.arg(requests.as_raw_fd().to_string());
                command.arg(replies.as_raw_fd().to_string());
            }
            Ok(command)
        };
        let why = || format!("cannot start {}", specification.program.display());
        let mut report = None;
        let mut root = String::new();
        if specification.isolation == Isolation::Full {
            let space = isolation::start_in_space(specification, command).with_context(why)?;
            self.init = Some(space.init);
            root = format!("/proc/{}/root", space.init);
            report = Some(space.report);
        } else {
            let mut command = command()?;
            isolation::Confinement::in_the_open(specification)?.apply(&mut command);
            let child = command.spawn().with_context(why)?;
            self.payload = Some(Pid::from_raw(i32::try_from(child.id())?));
        }
        drop(theirs);
        self.alone = false;
        // The loop below waits for all children by itself; dropping a std Child neither waits nor kills.
        pipes.connect(stdout, stderr, channel, report)?;
        if specification.access.results.is_empty() {
            return Ok(None);
        }
        // Held open, the folder outlives the box.
        let folder = format!("{root}{}", specification.cwd.display());
        Ok(Some(File::open(folder).context("no working directory")?))
    }

    /// Returns when the payload has ended by itself (`None`) or has to be ended.
    fn watch(&mut self, started: Instant, pipes: &mut Pipes) -> anyhow::Result<Option<Reason>> {
        let deadline = started.checked_add(Duration::from_secs(self.limits.wall_seconds));
        // A process that has just begun has used nothing yet.
        let mut glance = started + GLANCES.0;
        loop {
            let now = Instant::now();
            if now >= glance {
                let (limit, pause) = self.look_at_processes();
                if let Some(limit) = limit {
                    return Ok(Some(Reason::Reached(limit)));
                }
                glance = Instant::now() + pause;
            }
            let next = deadline.map_or(glance, |deadline| deadline.min(glance));
            pipes.turn(&self.children, next.saturating_duration_since(now))?;
            self.reap(pipes);
            if self.status.is_some() || self.alone {
                return Ok(None);
            }
            if pipes.abandoned() {
                return Ok(Some(Reason::Dismissed));
            }
            if pipes.output() > self.output_limit() {
                return Ok(Some(Reason::Reached(Limit::Output)));
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                self.hear_last_words(pipes)?;
                return Ok(Some(Reason::Reached(Limit::Time)));
            }
        }
    }

    /// Asks the payload for the stack that faulthandler prints on SIGABRT; wakes it first, in case it is stopped.
    fn hear_last_words(&mut self, pipes: &mut Pipes) -> anyhow::Result<()> {
        let inside = || process_tree::first_child(self.init?);
        if let Some(payload) = self.payload.or_else(inside) {
            // It may have ended in this instant, which is as good.
            let _ = kill(payload, Signal::SIGABRT).and_then(|()| kill(payload, Signal::SIGCONT));
        }
        let mut respite = Respite::of(self.last_words);
        while self.status.is_none() && !self.alone && respite.goes_on() {
            pipes.turn(&self.children, TURN)?;
            self.reap(pipes);
        }
        Ok(())
    }

    /// The limit that the process tree exceeds, if any, and when to look again: soon when it is close to one.
    fn look_at_processes(&self) -> (Option<Limit>, Duration) {
        let processes = self.processes();
        let threads: u64 = processes.iter().map(|process| process.threads).sum();
        if threads > self.limits.processes {
            return (Some(Limit::Processes), Duration::ZERO);
        }
        let allowed = self.limits.memory_mib.saturating_mul(1 << 20);
        if self.cpu_of(&processes) > self.cpu_limit() {
            return (Some(Limit::Time), Duration::ZERO);
        }
        let resident: u64 = processes.iter().map(|process| process.resident).sum();
        if resident > allowed && proportional(&processes) > allowed {
            return (Some(Limit::Memory), Duration::ZERO);
        }
        let close = resident > allowed / 4 || threads > self.limits.processes / 4;
        (None, if close { GLANCES.0 } else { GLANCES.1 })
    }

    /// How many processes live on although the payload has ended and they had time to notice.
    fn count_left_behind(&mut self, pipes: &mut Pipes) -> anyhow::Result<u32> {
        let mut respite = Respite::of(AFTERMATH);
        while !self.alone && respite.goes_on() && pipes.output() <= self.output_limit() {
            pipes.turn(&self.children, TURN)?;
            self.reap(pipes);
        }
        let living = self.processes().into_iter().filter(|process| !process.dead);
        Ok(u32::try_from(living.count())?)
    }

    /// Sends SIGKILL to every descendant, in whatever session, until none is left.
    ///
    /// # Errors
    /// When some do not end, for example because they belong to another user.
    fn end_everything(&mut self, pipes: &mut Pipes) -> anyhow::Result<()> {
        if self.alone {
            return Ok(());
        }
        isolation::go_first();
        let begin = Instant::now();
        while begin.elapsed() < KILLING {
            let pass = Instant::now();
            self.kill_once();
            self.reap(pipes);
            if self.alone {
                return Ok(());
            }
            // Who is killed still has to die, and gets the processor for it.
            std::thread::sleep((pass.elapsed() * 3).max(Duration::from_millis(1)));
            self.reap(pipes);
        }
        let left = process_tree::descendants().len();
        anyhow::ensure!(self.alone, "{left} processes of the run cannot be ended");
        Ok(())
    }

    fn kill_once(&self) {
        if let Some(init) = self.init {
            // With the first process the kernel ends all others of its namespace, and lets none be born.
            let _ = kill(init, Signal::SIGKILL);
            return;
        }
        if self.status.is_none() {
            // Even where /proc tells nothing. Once it is reaped, the number may be another's.
            self.payload.into_iter().for_each(kill_group);
        }
        let mut groups = HashSet::new();
        process_tree::visit(|pid| {
            // A group made by a descendant holds descendants only; killing it as one outruns a fork bomb.
            if let Ok(group) = getpgid(Some(pid))
                && groups.insert(group)
            {
                kill_group(group);
            }
            // Fails when the process is dead already, or belongs to another user and cannot be ended.
            let _ = kill(pid, Signal::SIGKILL);
        });
    }

    /// The processes of the run.
    fn processes(&self) -> Vec<Process> {
        let mut processes = process_tree::descendants();
        processes.retain(|process| Some(process.pid) != self.init);
        processes
    }

    /// Waits for every child that has ended, and hears what the first process of a box tells.
    fn reap(&mut self, pipes: &mut Pipes) {
        self.collect();
        if self.init.is_some() && self.status.is_none() {
            pipes.hear_report();
            self.status = isolation::status_from(&pipes.told);
        }
    }

    fn collect(&mut self) {
        loop {
            match isolation::reap() {
                Ok(None) => return,
                Ok(Some((pid, status))) if Some(pid) == self.payload => self.status = Some(status),
                Ok(Some(_)) | Err(Errno::EINTR) => {}
                Err(_) => {
                    // ECHILD: nobody is left.
                    self.alone = true;
                    return;
                }
            }
        }
    }

    fn ending(&self, reason: Option<Reason>, cpu: Duration) -> anyhow::Result<Ending> {
        match reason {
            Some(Reason::Reached(limit)) => return Ok(Ending::Stopped(limit)),
            Some(Reason::Dismissed) => return Ok(Ending::Dismissed),
            None => {}
        }
        let status = self
            .status
            .context("the payload and its box are gone without a status")?;
        if let Some(code) = status.code() {
            return Ok(Ending::Exited(code));
        }
        let signal = status
            .signal()
            .context("the payload neither exited nor died")?;
        // The kernel's own watch over CPU time. A payload can send itself this signal, but not fake the time.
        let allowed = self.limits.cpu_seconds.unwrap_or(self.limits.wall_seconds);
        if signal == Signal::SIGXCPU as i32 && cpu.as_secs() > allowed {
            return Ok(Ending::Stopped(Limit::Time));
        }
        Ok(Ending::Signaled(signal))
    }

    /// CPU time of all that runs or has run, as far as it is told while it runs.
    fn cpu_of(&self, processes: &[Process]) -> Duration {
        let collected = self
            .init
            .and_then(process_tree::collected_cpu)
            .unwrap_or_default();
        processes
            .iter()
            .map(|process| process.cpu)
            .sum::<Duration>()
            + collected
    }

    fn cpu_limit(&self) -> Duration {
        let twice = self.limits.wall_seconds.saturating_mul(2);
        Duration::from_secs(self.limits.cpu_seconds.unwrap_or(twice))
    }

    fn output_limit(&self) -> u64 {
        self.limits.output_kib.saturating_mul(1024)
    }
}

/// A time in turns of ours as well as on the clock, which goes on while the whole machine stands still and the payload with it.
struct Respite {
    end: Instant,
    turns: u128,
}

impl Respite {
    fn of(time: Duration) -> Respite {
        Respite {
            end: Instant::now() + time,
            turns: time.as_millis() / TURN.as_millis(),
        }
    }

    /// Whether it goes on, for one more turn.
    fn goes_on(&mut self) -> bool {
        let left = self.turns > 0;
        self.turns = self.turns.saturating_sub(1);
        left || Instant::now() < self.end
    }
}

/// The payload's program with its environment, without its streams.
fn plain_command(specification: &Specification) -> Command {
    let mut command = Command::new(&specification.program);
    command
        .args(&specification.args)
        .env_clear()
        .envs(specification.env.iter().map(|(name, value)| (name, value)))
        .current_dir(&specification.cwd)
        .stdin(Stdio::null());
    match specification.isolation {
        // The box has a /tmp of its own.
        Isolation::Full => command.env_remove("TMPDIR"),
        // The real one is closed to it.
        Isolation::Landlock => command.env("TMPDIR", &specification.cwd),
        Isolation::None => &mut command,
    };
    command
}

/// Sends SIGKILL to a process group, unless it is our own, or one of the numbers that mean "mine" or "all".
fn kill_group(group: Pid) {
    if group.as_raw() > 1 && group != getpgrp() {
        let _ = killpg(group, Signal::SIGKILL);
    }
}

/// Memory with shared pages counted once.
fn proportional(processes: &[Process]) -> u64 {
    processes.iter().map(process_tree::proportional).sum()
}

fn cpu_time(usage: &Usage) -> Duration {
    let micros = |time: TimeVal| u64::try_from(time.num_microseconds()).unwrap_or(0);
    Duration::from_micros(micros(usage.user_time()) + micros(usage.system_time()))
}
