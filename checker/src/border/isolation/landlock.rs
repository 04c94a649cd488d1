//! Which files a payload may touch, as Landlock rules: they hold in a box and without one.

use std::io;
use std::path::PathBuf;

use landlock::{
    ABI, Access, AccessFs, AccessNet, LandlockStatus, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

/// The newest rules that this code was written for; an older kernel keeps those that it knows.
const WRITTEN_FOR: ABI = ABI::V6;

/// The places of a payload.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    /// To read and to run.
    pub readable: Vec<PathBuf>,
    /// To read, run and write.
    pub writable: Vec<PathBuf>,
    /// Files to read and write, such as `/dev/null`.
    pub devices: Vec<PathBuf>,
}

/// Confines this process, and all that it starts, to these places; a place that does not exist is none. The library
/// succeeds without a word on a kernel that has no Landlock, so what was enforced is looked at.
///
/// # Errors
/// When the kernel does not take the rules, or has none to offer although `required`.
pub(super) fn restrict(places: &Places, required: bool) -> io::Result<()> {
    let status = rules(places).map_err(io::Error::other)?;
    match status {
        (RulesetStatus::NotEnforced, landlock) if required => Err(io::Error::other(format!(
            "Landlock is {}",
            match landlock {
                LandlockStatus::NotImplemented => "not built into this kernel",
                LandlockStatus::NotEnabled => "switched off in this kernel",
                LandlockStatus::Available { .. } => "there, and enforces nothing",
            }
        ))),
        _ => Ok(()),
    }
}

fn rules(places: &Places) -> Result<(RulesetStatus, LandlockStatus), RulesetError> {
    let reading = AccessFs::from_read(WRITTEN_FOR);
    let writing = AccessFs::from_all(WRITTEN_FOR);
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(WRITTEN_FOR))?
        // No rule allows any of it.
        .handle_access(AccessNet::from_all(WRITTEN_FOR))?
        .scope(Scope::from_all(WRITTEN_FOR))?
        .create()?
        .add_rules(path_beneath_rules(&places.readable, reading))?
        .add_rules(path_beneath_rules(&places.writable, writing))?
        .add_rules(path_beneath_rules(
            &places.devices,
            AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::IoctlDev,
        ))?
        .restrict_self()?;
    Ok((status.ruleset, status.landlock))
}
