//! The system calls that no payload needs, answered with an error.

use std::collections::BTreeMap;
use std::io;

use nix::libc;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, sock_filter,
};

/// Debugging of other processes: reads and writes their memory.
const TRACING: [i64; 5] = [
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
];

/// What changes the machine, opens a way past the other protections, or has a long record of kernel faults.
const REFUSED: [i64; 46] = [
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_adjtimex,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_fanotify_init,
    libc::SYS_finit_module,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_init_module,
    // Opens files and sockets past a filter of system calls.
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_kexec_file_load,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_lookup_dcookie,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_name_to_handle_at,
    libc::SYS_nfsservctl,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_pivot_root,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_setdomainname,
    libc::SYS_sethostname,
    libc::SYS_setns,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
    libc::SYS_vhangup,
];

/// What outlives a process or is shared by all of a user's processes; a namespace of its own makes it private.
const SHARED: [i64; 4] = [
    libc::SYS_shmget,
    libc::SYS_semget,
    libc::SYS_msgget,
    libc::SYS_mq_open,
];

const NEW_NAMESPACES: u64 = (libc::CLONE_NEWUSER
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWCGROUP) as u64;

/// Programs for the kernel, ready to be installed.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    refusals: BpfProgram,
    numbers: BpfProgram,
}

impl Filter {
    /// The filter for a payload, with its own namespaces or without.
    ///
    /// # Errors
    /// When there is no filter for this processor.
    pub fn new(own_namespaces: bool, tracing: bool) -> io::Result<Filter> {
        let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
            REFUSED.iter().map(|number| (*number, Vec::new())).collect();
        if !tracing {
            rules.extend(TRACING.iter().map(|number| (*number, Vec::new())));
        }
        if !own_namespaces {
            rules.extend(SHARED.iter().map(|number| (*number, Vec::new())));
        }
        rules.insert(libc::SYS_clone, any_bit_of(0, NEW_NAMESPACES)?);
        // Typing into the terminal of whoever started us.
        rules.insert(
            libc::SYS_ioctl,
            vec![equal(1, libc::TIOCSTI)?, equal(1, TIOCLINUX)?],
        );
        let families: &[libc::c_int] = if own_namespaces {
            &[libc::AF_UNIX, libc::AF_INET, libc::AF_INET6]
        } else {
            &[libc::AF_UNIX]
        };
        let others = families
            .iter()
            .map(|family| condition(0, SeccompCmpOp::Ne, u64::from(family.unsigned_abs())))
            .collect::<io::Result<_>>()?;
        rules.insert(
            libc::SYS_socket,
            vec![SeccompRule::new(others).map_err(io::Error::other)?],
        );
        let processor = std::env::consts::ARCH
            .try_into()
            .map_err(io::Error::other)?;
        let refuse = SeccompAction::Errno(libc::EPERM.unsigned_abs());
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, processor);
        Ok(Filter {
            refusals: filter
                .and_then(BpfProgram::try_from)
                .map_err(io::Error::other)?,
            numbers: numbers(),
        })
    }

    /// Installs it for this thread and for all that it starts. There is no way back.
    ///
    /// # Errors
    /// When the kernel does not take it.
    pub fn install(&self) -> io::Result<()> {
        // The second first: installing is itself a system call, which neither refuses.
        seccompiler::apply_filter(&self.numbers).map_err(io::Error::other)?;
        seccompiler::apply_filter(&self.refusals).map_err(io::Error::other)
    }
}

/// Not in the C library: writes to the console of the machine.
const TIOCLINUX: libc::Ioctl = 0x541c;

fn condition(argument: u8, operator: SeccompCmpOp, value: u64) -> io::Result<SeccompCondition> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)
        .map_err(io::Error::other)
}

fn equal(argument: u8, value: libc::Ioctl) -> io::Result<SeccompRule> {
    let same = condition(argument, SeccompCmpOp::Eq, value)?;
    SeccompRule::new(vec![same]).map_err(io::Error::other)
}

/// One rule for each bit, since conditions of one rule must all hold.
fn any_bit_of(argument: u8, bits: u64) -> io::Result<Vec<SeccompRule>> {
    let set = (0..u64::BITS)
        .map(|place| 1 << place)
        .filter(|bit| bits & bit != 0);
    set.map(|bit| {
        let is_set = condition(argument, SeccompCmpOp::MaskedEq(bit), bit)?;
        SeccompRule::new(vec![is_set]).map_err(io::Error::other)
    })
    .collect()
}

/// What the library does not do: numbers of the x32 kind, which would slip through a list of ordinary numbers, and
/// `clone3`, whose flags lie in memory where no filter sees them. C libraries fall back to `clone`.
fn numbers() -> BpfProgram {
    const LOAD_WORD: u16 = 0x20;
    const JUMP_IF_EQUAL: u16 = 0x15;
    const JUMP_IF_AT_LEAST: u16 = 0x35;
    const RETURN: u16 = 0x06;
    const X32: u32 = 0x4000_0000;
    let clone3 = u32::try_from(libc::SYS_clone3).expect("system calls have small numbers");
    let errno = |number: i32| libc::SECCOMP_RET_ERRNO | number.unsigned_abs();
    let step = |code, jt, jf, k| sock_filter { code, jt, jf, k };
    vec![
        step(LOAD_WORD, 0, 0, 0),
        step(JUMP_IF_AT_LEAST, 2, 0, X32),
        step(JUMP_IF_EQUAL, 2, 0, clone3),
        step(RETURN, 0, 0, libc::SECCOMP_RET_ALLOW),
        step(RETURN, 0, 0, errno(libc::EPERM)),
        step(RETURN, 0, 0, errno(libc::ENOSYS)),
    ]
}
