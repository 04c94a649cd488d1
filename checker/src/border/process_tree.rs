//! The processes below this one, as `/proc` tells them.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::time::Duration;

use nix::unistd::Pid;

/// One living or dead, not yet reaped, descendant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Process {
    /// Its id.
    pub pid: Pid,
    parent: Pid,
    /// Whether it has ended and only waits for its parent.
    pub dead: bool,
    /// Its threads; 1 for a dead one.
    pub threads: u64,
    /// Resident pages, in bytes; pages shared with others are counted in full.
    pub resident: u64,
    /// CPU time of it and of the children that it has waited for.
    pub cpu: Duration,
}

/// Every descendant of this process, parents before children. A process that moves to a new parent during the walk can
/// be missed, so whoever must have all asks again until none is left.
pub(super) fn descendants() -> Vec<Process> {
    let mut found = Vec::new();
    visit(|pid| found.extend(read(pid)));
    found
}

/// Visits the id of every descendant of this process, each after its own children are known, so that it may be ended.
pub(super) fn visit(mut each: impl FnMut(Pid)) {
    let me = Pid::this();
    let Some(mut pending) = children_of(me) else {
        // Kernels without CONFIG_PROC_CHILDREN: one pass over all processes of the machine.
        return below(me, all_processes()).into_iter().for_each(each);
    };
    while let Some(pid) = pending.pop() {
        pending.extend(children_of(pid).unwrap_or_default());
        each(pid);
    }
}

/// The memory of one process with shared pages divided among their users, bytes: nothing once it has given it back, and
/// what it has resident where the kernel does not tell more.
pub(super) fn proportional(process: &Process) -> u64 {
    match fs::read_to_string(format!("/proc/{}/smaps_rollup", process.pid)) {
        Ok(text) => proportional_of(&text),
        // A process can close itself to others, and old kernels do not have the file.
        Err(error) if error.kind() == ErrorKind::PermissionDenied || !is_told() => process.resident,
        Err(_) => 0,
    }
}

/// Files count for nobody, since the kernel can take their pages back; memory files do count.
fn proportional_of(rollup: &str) -> u64 {
    // Before Linux 5.4 there is only the whole.
    let parts: &[&str] = if rollup.contains("Pss_Anon:") {
        &["Pss_Anon:", "Pss_Shmem:"]
    } else {
        &["Pss:"]
    };
    let kib = |line: &str| -> Option<u64> {
        let figure = parts.iter().find_map(|part| line.strip_prefix(part))?;
        figure.trim().strip_suffix("kB")?.trim().parse().ok()
    };
    rollup.lines().filter_map(kib).sum::<u64>() * 1024
}

fn is_told() -> bool {
    fs::exists("/proc/self/smaps_rollup").unwrap_or(false)
}

/// The first child of a process.
pub(super) fn first_child(pid: Pid) -> Option<Pid> {
    match children_of(pid) {
        Some(children) => children.first().copied(),
        None => below(pid, all_processes()).first().copied(),
    }
}

/// CPU time of a process and of the children that it has waited for.
pub(super) fn collected_cpu(pid: Pid) -> Option<Duration> {
    Some(read(pid)?.cpu)
}

fn children_of(pid: Pid) -> Option<Vec<Pid>> {
    let mut children = Vec::new();
    for thread in fs::read_dir(format!("/proc/{pid}/task")).ok()? {
        let list = fs::read_to_string(thread.ok()?.path().join("children")).ok()?;
        let ids = list
            .split_ascii_whitespace()
            .filter_map(|id| id.parse().ok());
        children.extend(ids.map(Pid::from_raw));
    }
    Some(children)
}

/// All processes of the machine, by their parents.
fn all_processes() -> HashMap<Pid, Vec<Pid>> {
    let entries = fs::read_dir("/proc").into_iter().flatten();
    let ids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let mut by_parent: HashMap<Pid, Vec<Pid>> = HashMap::new();
    for process in ids.filter_map(|id| read(Pid::from_raw(id))) {
        by_parent
            .entry(process.parent)
            .or_default()
            .push(process.pid);
    }
    by_parent
}

fn below(root: Pid, mut by_parent: HashMap<Pid, Vec<Pid>>) -> Vec<Pid> {
    let mut found = by_parent.remove(&root).unwrap_or_default();
    let mut next = 0;
    while let Some(pid) = found.get(next) {
        found.extend(by_parent.remove(pid).unwrap_or_default());
        next += 1;
    }
    found
}

fn read(pid: Pid) -> Option<Process> {
    parse(pid, &fs::read(format!("/proc/{pid}/stat")).ok()?)
}

/// Reads one line of `/proc/PID/stat`. The name in parentheses may hold anything, so fields count from the last `)`.
fn parse(pid: Pid, stat: &[u8]) -> Option<Process> {
    let end_of_name = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = str::from_utf8(&stat[end_of_name + 1..]).ok()?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    // Field n of proc(5) is at n - 3 here.
    let number = |field: usize| fields.get(field - 3)?.parse::<i64>().ok();
    let id = |field| Some(Pid::from_raw(i32::try_from(number(field)?).ok()?));
    let pages = u64::try_from(number(24)?).unwrap_or(0);
    Some(Process {
        pid,
        parent: id(4)?,
        dead: matches!(*fields.first()?, "Z" | "X"),
        threads: u64::try_from(number(20)?).unwrap_or(0).max(1),
        resident: pages * page_size(),
        cpu: (14..=17).filter_map(number).map(ticks).sum(),
    })
}

/// A time in the unit of /proc, of which a second has a hundred on every Linux that we know.
fn ticks(count: i64) -> Duration {
    Duration::from_millis(10).saturating_mul(u32::try_from(count).unwrap_or(0))
}

fn page_size() -> u64 {
    nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE)
        .ok()
        .flatten()
        .and_then(|size| u64::try_from(size).ok())
        .unwrap_or(4096)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &[u8] = b"7 (a) b) R 3 5 5 0 -1 4194304 0 0 0 0 1 2 0 0 20 0 4 0 99 1000 25 1 2";

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let process = parse(Pid::from_raw(7), STAT).unwrap();
        assert_eq!(process.parent, Pid::from_raw(3));
        assert_eq!((process.dead, process.threads), (false, 4));
        assert_eq!(process.resident, 25 * page_size());
        assert_eq!(process.cpu, Duration::from_millis(30));
    }

    #[test]
    fn a_cut_line_is_no_process() {
        for length in 0..40 {
            assert_eq!(parse(Pid::from_raw(7), &STAT[..length]), None);
        }
    }

    #[test]
    fn both_ways_find_a_child() {
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
        let walked = descendants().iter().any(|process| process.pid == pid);
        let scanned = below(Pid::this(), all_processes()).contains(&pid);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(walked && scanned);
    }
}
