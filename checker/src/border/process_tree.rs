//! The processes below this one, as `/proc` tells them.

use std::collections::HashMap;
use std::fs;

use nix::unistd::Pid;

/// One living or dead, not yet reaped, descendant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Process {
    /// Its id.
    pub pid: Pid,
    /// Its process group.
    pub group: Pid,
    parent: Pid,
    /// Whether it has ended and only waits for its parent.
    pub dead: bool,
    /// Its threads; 1 for a dead one.
    pub threads: u64,
    /// Resident pages, in bytes; pages shared with others are counted in full.
    pub resident: u64,
}

/// Every descendant of this process, parents before children. A process that moves to a new parent during the walk can
/// be missed, so whoever must have all asks again until none is left.
pub(super) fn descendants() -> Vec<Process> {
    let me = Pid::this();
    match children_of(me) {
        Some(children) => walk(children),
        // Kernels without CONFIG_PROC_CHILDREN: one pass over all processes of the machine.
        None => below(me, all_processes()),
    }
}

/// The memory of one process with shared pages divided among their users, bytes; `None` when the kernel does not tell.
pub(super) fn proportional(pid: Pid) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

fn walk(mut pending: Vec<Pid>) -> Vec<Process> {
    let mut found = Vec::new();
    while let Some(pid) = pending.pop() {
        pending.extend(children_of(pid).unwrap_or_default());
        found.extend(read(pid));
    }
    found
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

fn all_processes() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|id| read(Pid::from_raw(id)))
        .collect()
}

fn below(root: Pid, all: Vec<Process>) -> Vec<Process> {
    let mut by_parent: HashMap<Pid, Vec<Process>> = HashMap::new();
    for process in all {
        by_parent.entry(process.parent).or_default().push(process);
    }
    let mut found = Vec::new();
    let mut pending = vec![root];
    while let Some(parent) = pending.pop() {
        for process in by_parent.remove(&parent).unwrap_or_default() {
            pending.push(process.pid);
            found.push(process);
        }
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
        group: id(5)?,
        dead: matches!(*fields.first()?, "Z" | "X"),
        threads: u64::try_from(number(20)?).unwrap_or(0).max(1),
        resident: pages * page_size(),
    })
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
        assert_eq!(process.group, Pid::from_raw(5));
        assert_eq!((process.dead, process.threads), (false, 4));
        assert_eq!(process.resident, 25 * page_size());
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
        let has = |found: Vec<Process>| found.iter().any(|process| process.pid == pid);
        let walked = has(descendants());
        let scanned = has(below(Pid::this(), all_processes()));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(walked && scanned);
    }
}
