//! Programs that are run as they are, without a conversation.

use std::os::unix::ffi::OsStringExt as _;

use checker::border::{self, Ending};

use crate::fixture::{LIMITS, shell, shell_job};

#[test]
fn exit_codes_and_signals_are_told_apart() {
    assert_eq!(shell("exit 0", &LIMITS).ending, Ending::Exited(0));
    assert_eq!(shell("exit 139", &LIMITS).ending, Ending::Exited(139));
    assert_eq!(shell("kill -SEGV $$", &LIMITS).ending, Ending::Signaled(11));
    // A real-time signal, which has no name.
    assert_eq!(shell("kill -40 $$", &LIMITS).ending, Ending::Signaled(40));
    assert_eq!(border::signal_name(40), "signal 40");
}

#[test]
fn streams_are_kept_apart_and_input_is_empty() {
    let ended = shell("cat; echo out; echo err >&2", &LIMITS);
    assert_eq!(
        (ended.stdout.text().as_str(), ended.stderr.text().as_str()),
        ("out\n", "err\n")
    );
    assert_eq!((ended.stdout.total, ended.leaked), (4, 0));
}

#[test]
fn nothing_is_inherited() {
    let mut job = shell_job(
        "env; ls /proc/self/fd; grep -E 'Sig(Blk|Ign)' /proc/self/status",
        &LIMITS,
    );
    job.env
        .push(("ODD".into(), std::ffi::OsString::from_vec(vec![b'x', 0xff])));
    border::use_supervisor(env!("CARGO_BIN_EXE_checker"));
    let ended = border::run(&job).unwrap();
    let text = ended.stdout.text();
    let mut names: Vec<&str> = text
        .lines()
        .filter_map(|line| Some(line.split_once('=')?.0))
        .filter(|name| !["_", "PWD", "SHLVL", "OLDPWD"].contains(name))
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["ODD", "PATH"]);
    assert!(text.contains(r"ODD=x\xff"), "{text}");
    // Standard streams, and the one by which ls reads the folder.
    assert!(text.contains("\n0\n1\n2\n3\nSig"), "{text}");
    // Signals 32 and 33 belong to the C library, which changes them for nobody.
    let masks = text.lines().filter_map(|line| line.strip_prefix("Sig"));
    for mask in masks.map(|line| u64::from_str_radix(&line[5..], 16).unwrap()) {
        assert_eq!(mask & !0x1_8000_0000, 0, "{text}");
    }
}

#[test]
fn a_program_that_is_not_there_is_an_error() {
    border::use_supervisor(env!("CARGO_BIN_EXE_checker"));
    let mut job = shell_job("", &LIMITS);
    job.program = "/no/such/program".into();
    let error = border::run(&job).unwrap_err();
    assert!(error.to_string().contains("/no/such/program"), "{error}");
    let mut job = shell_job("", &LIMITS);
    job.cwd = "/no/such/folder".into();
    assert!(border::run(&job).is_err());
}

#[test]
fn time_is_told() {
    let ended = shell(
        "sleep 0.2; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done",
        &LIMITS,
    );
    assert!(ended.wall.as_millis() >= 200);
    assert!(!ended.cpu.is_zero() && ended.cpu < ended.wall * 64);
}
