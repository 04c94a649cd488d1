//! What a library file says of itself, read without loading it. Junk is an error, never a panic.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use object::read::elf::{ElfFile, FileHeader};
use object::read::macho::{LoadCommandVariant, MachHeader, MachOFile};
use object::{Architecture, BinaryFormat, Object, ObjectKind, elf};
use thiserror::Error;

/// The largest file that is read, in bytes; libraries with debug information stay below.
pub const LARGEST: u64 = 1 << 30;

/// A file that holds machine code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// The container and the machine.
    pub target: Target,
    /// Library, program or object file.
    pub kind: Kind,
    /// Whether the loader can open it as a library.
    pub shared: bool,
    /// The libraries that it asks for, by the names it uses.
    pub needed: Vec<String>,
    /// The folders that it adds to the loader's search for them.
    pub search: Vec<Search>,
    /// The symbols that it offers.
    pub exports: Vec<String>,
}

/// A list of folders in which the loader looks for the needed libraries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// How the file says it; that decides when the loader looks there.
    pub kind: SearchKind,
    /// The list as the file has it, on ELF with colons between folders.
    pub folders: String,
}

/// How a file adds folders to the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchKind {
    /// `DT_RPATH` of ELF: before `LD_LIBRARY_PATH`, and for the libraries of libraries too.
    Rpath,
    /// `DT_RUNPATH` of ELF: after `LD_LIBRARY_PATH`, and for this file's own libraries only.
    Runpath,
    /// `LC_RPATH` of Mach-O: what stands for `@rpath` in the names of libraries.
    LoadCommand,
}

impl fmt::Display for SearchKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            SearchKind::Rpath => "rpath",
            SearchKind::Runpath => "runpath",
            SearchKind::LoadCommand => "@rpath",
        })
    }
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A shared library (or a position-independent program, which has the same form).
    SharedLibrary,
    /// A program.
    Program,
    /// An unlinked object file (`.o`).
    ObjectFile,
    /// Anything else that the format allows, a core dump for one.
    Other,
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Kind::SharedLibrary => "a shared library",
            Kind::Program => "a program",
            Kind::ObjectFile => "an object file that was never linked",
            Kind::Other => "machine code, but no library",
        })
    }
}

/// The system and machine that code is built for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Target {
    format: BinaryFormat,
    machine: Architecture,
    little_endian: bool,
}

impl Target {
    /// The target of this process.
    pub fn native() -> Target {
        Target {
            format: native_format(),
            machine: native_machine(),
            little_endian: cfg!(target_endian = "little"),
        }
    }

    /// The machine as people write it, `x86-64` or `aarch64`.
    pub fn machine(self) -> &'static str {
        machine_name(self.machine)
    }

    /// Whether the lowest byte of a number comes first.
    pub fn is_little_endian(self) -> bool {
        self.little_endian
    }

    /// The system whose format the file has, as far as the format tells.
    pub fn system(self) -> &'static str {
        match self.format {
            BinaryFormat::MachO => "macOS",
            BinaryFormat::Pe | BinaryFormat::Coff => "Windows",
            BinaryFormat::Wasm => "WebAssembly",
            BinaryFormat::Xcoff => "AIX",
            _ => "Linux or another ELF system",
        }
    }

    fn runs_here(self) -> bool {
        let here = Target::native();
        // A PE library is a finished file of the family that COFF objects belong to.
        let family = |format| {
            if format == BinaryFormat::Coff {
                BinaryFormat::Pe
            } else {
                format
            }
        };
        family(self.format) == family(here.format)
            && self.machine == here.machine
            && self.little_endian == here.little_endian
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Target({} {})", self.system(), self.machine())
    }
}

/// Why a file cannot be described.
#[derive(Debug, Error)]
pub enum InspectError {
    /// It cannot be read.
    #[error("cannot read the file: {0}")]
    Open(#[source] io::Error),
    /// A folder, a pipe or a device.
    #[error("not a regular file")]
    NotAFile,
    /// More than anybody would wait for.
    #[error("the file has {} MiB; more than {} MiB are not read", .0 >> 20, LARGEST >> 20)]
    TooLarge(u64),
    /// No bytes at all.
    #[error("the file is empty")]
    Empty,
    /// An archive of object files (`.a`).
    #[error("a static archive of object files, not a shared library")]
    Archive,
    /// Text; linker scripts look like this.
    #[error("a text file")]
    Text,
    /// Cut off, damaged or something else.
    #[error("no machine code that we know: {0}")]
    Unknown(String),
}

/// A file that is for another machine than this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// What the file was built for.
    pub built_for: Target,
    /// What this process runs on.
    pub here: Target,
}

impl fmt::Display for Foreign {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (built, here) = (self.built_for, self.here);
        if built.system() == here.system() {
            let (built, here) = (built.machine(), here.machine());
            write!(out, "built for {built}, this machine is {here}")
        } else {
            write!(
                out,
                "built for {} on {}, this machine is {}",
                built.system(),
                built.machine(),
                here.machine()
            )
        }
    }
}

/// Describes the file at `path`.
///
/// # Errors
/// When it cannot be read or holds no machine code.
pub fn read(path: &Path) -> Result<Contents, InspectError> {
    parse(&bytes(path)?)
}

/// The bytes of the file at `path`.
///
/// # Errors
/// When it cannot be read, is no regular file, or is larger than [`LARGEST`].
pub fn bytes(path: &Path) -> Result<Vec<u8>, InspectError> {
    let metadata = fs::metadata(path).map_err(InspectError::Open)?;
    if !metadata.is_file() {
        return Err(InspectError::NotAFile);
    }
    if metadata.len() > LARGEST {
        return Err(InspectError::TooLarge(metadata.len()));
    }
    fs::read(path).map_err(InspectError::Open)
}

/// Describes the contents of a file.
///
/// # Errors
/// When the bytes are no machine code that we know.
pub fn parse(data: &[u8]) -> Result<Contents, InspectError> {
    if data.is_empty() {
        return Err(InspectError::Empty);
    }
    if data.starts_with(b"!<arch>\n") || data.starts_with(b"!<thin>\n") {
        return Err(InspectError::Archive);
    }
    let file = object::File::parse(data).map_err(|error| unknown(data, &error.to_string()))?;
    let kind = match file.kind() {
        ObjectKind::Dynamic => Kind::SharedLibrary,
        ObjectKind::Executable => Kind::Program,
        ObjectKind::Relocatable => Kind::ObjectFile,
        _ => Kind::Other,
    };
    Ok(Contents {
        target: target(&file),
        kind,
        shared: kind == Kind::SharedLibrary,
        needed: needed(&file),
        search: search(&file),
        exports: exports(&file),
    })
}

/// Says that the file at `path` is for another machine than this process; `None` when it fits or
/// holds no machine code at all.
pub fn foreign(path: &Path) -> Option<Foreign> {
    let built_for = read(path).ok()?.target;
    (!built_for.runs_here()).then(|| Foreign {
        built_for,
        here: Target::native(),
    })
}

/// The folders in which the loader looks for a bare name, as far as they can be known from
/// outside: `LD_LIBRARY_PATH`, the loader's configuration and its built-in folders.
pub fn searched_folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::env::var_os("LD_LIBRARY_PATH")
        .map(|value| {
            std::env::split_paths(&value)
                .filter(|path| path != Path::new(""))
                .collect()
        })
        .unwrap_or_default();
    configured_folders(Path::new("/etc/ld.so.conf"), 0, &mut folders);
    folders.extend(["/lib", "/usr/lib", "/lib64", "/usr/lib64"].map(PathBuf::from));
    let mut seen = std::collections::HashSet::new();
    folders.retain(|folder| folder.is_dir() && seen.insert(folder.clone()));
    folders
}

/// One line is one folder, or `include` with a pattern whose star stands for a file name.
fn configured_folders(file: &Path, depth: usize, folders: &mut Vec<PathBuf>) {
    const DEEPEST: usize = 4;
    let Ok(text) = fs::read_to_string(file) else {
        return;
    };
    for line in text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim())
    {
        if let Some(pattern) = line.strip_prefix("include ") {
            if depth < DEEPEST {
                for included in expand(Path::new(pattern.trim())) {
                    configured_folders(&included, depth + 1, folders);
                }
            }
        } else if line.starts_with('/') {
            folders.push(PathBuf::from(line));
        }
    }
}

fn expand(pattern: &Path) -> Vec<PathBuf> {
    let (Some(folder), Some(name)) = (pattern.parent(), pattern.file_name()) else {
        return Vec::new();
    };
    let name = name.to_string_lossy();
    let Some((before, after)) = name.split_once('*') else {
        return vec![pattern.to_owned()];
    };
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.len() >= before.len() + after.len()
                && name.starts_with(before)
                && name.ends_with(after)
        })
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found
}

fn unknown(data: &[u8], error: &str) -> InspectError {
    let head = &data[..data.len().min(512)];
    if std::str::from_utf8(head).is_ok_and(|text| !text.contains('\0')) {
        return InspectError::Text;
    }
    InspectError::Unknown(error.to_owned())
}

fn target(file: &object::File<'_>) -> Target {
    Target {
        format: file.format(),
        machine: file.architecture(),
        little_endian: file.is_little_endian(),
    }
}

/// A table that cannot be read counts as empty: the rest of the description still helps.
fn needed(file: &object::File<'_>) -> Vec<String> {
    let Ok(libraries) = file.import_libraries() else {
        return Vec::new();
    };
    libraries
        .flatten()
        .map(|library| String::from_utf8_lossy(library.name()).into_owned())
        .collect()
}

fn search(file: &object::File<'_>) -> Vec<Search> {
    match file {
        object::File::Elf32(file) => elf_search(file),
        object::File::Elf64(file) => elf_search(file),
        object::File::MachO32(file) => macho_search(file),
        object::File::MachO64(file) => macho_search(file),
        _ => Vec::new(),
    }
}

fn elf_search<Elf: FileHeader>(file: &ElfFile<'_, Elf>) -> Vec<Search> {
    let (endian, data) = (file.endian(), file.data());
    let Ok(table) = file.elf_section_table().dynamic_table(endian, data) else {
        return Vec::new();
    };
    let entries = table.iter().filter_map(|entry| {
        let kind = match entry.tag {
            elf::DT_RPATH => SearchKind::Rpath,
            elf::DT_RUNPATH => SearchKind::Runpath,
            _ => return None,
        };
        let folders = String::from_utf8_lossy(table.string(entry).ok()?).into_owned();
        Some(Search { kind, folders })
    });
    entries.collect()
}

fn macho_search<Mach: MachHeader>(file: &MachOFile<'_, Mach>) -> Vec<Search> {
    let Ok(mut commands) = file.macho_load_commands() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    while let Ok(Some(command)) = commands.next() {
        if let Ok(LoadCommandVariant::Rpath(rpath)) = command.variant()
            && let Ok(folder) = command.string(file.endian(), rpath.path)
        {
            found.push(Search {
                kind: SearchKind::LoadCommand,
                folders: String::from_utf8_lossy(folder).into_owned(),
            });
        }
    }
    found
}

fn exports(file: &object::File<'_>) -> Vec<String> {
    let Ok(exports) = file.exports() else {
        return Vec::new();
    };
    exports
        .flatten()
        .filter_map(|export| {
            export
                .name()
                .name()
                .map(|n| String::from_utf8_lossy(n).into_owned())
        })
        .collect()
}

fn native_format() -> BinaryFormat {
    if cfg!(windows) {
        BinaryFormat::Pe
    } else if cfg!(target_vendor = "apple") {
        BinaryFormat::MachO
    } else {
        BinaryFormat::Elf
    }
}

fn native_machine() -> Architecture {
    match std::env::consts::ARCH {
        "x86_64" => Architecture::X86_64,
        "x86" => Architecture::I386,
        "aarch64" => Architecture::Aarch64,
        "arm" => Architecture::Arm,
        "riscv64" => Architecture::Riscv64,
        "powerpc64" => Architecture::PowerPc64,
        "s390x" => Architecture::S390x,
        "loongarch64" => Architecture::LoongArch64,
        _ => Architecture::Unknown,
    }
}

fn machine_name(machine: Architecture) -> &'static str {
    match machine {
        Architecture::X86_64 => "x86-64",
        Architecture::X86_64_X32 => "x86-64 with 32-bit pointers",
        Architecture::I386 => "32-bit x86",
        Architecture::Aarch64 => "aarch64",
        Architecture::Arm => "32-bit arm",
        Architecture::Riscv64 => "riscv64",
        Architecture::Riscv32 => "riscv32",
        Architecture::PowerPc64 => "powerpc64",
        Architecture::PowerPc => "powerpc",
        Architecture::S390x => "s390x",
        Architecture::Mips => "mips",
        Architecture::Mips64 => "mips64",
        Architecture::LoongArch64 => "loongarch64",
        Architecture::Sparc64 => "sparc64",
        Architecture::Wasm32 => "wasm32",
        _ => "another machine",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The first bytes of a 64-bit little-endian ELF library for the machine with this number.
    fn elf_header(machine: u16) -> Vec<u8> {
        let mut header = b"\x7fELF\x02\x01\x01".to_vec();
        header.resize(16, 0);
        header.extend(3u16.to_le_bytes());
        header.extend(machine.to_le_bytes());
        header.extend(1u32.to_le_bytes());
        header.extend([0; 24]);
        header.extend(0u32.to_le_bytes());
        header.extend([64u16, 0, 0, 0, 0, 0].map(u16::to_le_bytes).concat());
        header
    }

    #[test]
    fn a_library_for_another_machine_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("libother.so");
        // 183 is aarch64, 62 is x86-64.
        let machine = if cfg!(target_arch = "aarch64") {
            62
        } else {
            183
        };
        fs::write(&path, elf_header(machine)).unwrap();
        let foreign = foreign(&path).unwrap();
        let expected = format!(
            "built for {}, this machine is {}",
            if machine == 62 { "x86-64" } else { "aarch64" },
            Target::native().machine()
        );
        if cfg!(target_os = "linux") {
            assert_eq!(foreign.to_string(), expected);
        }
    }

    /// A library of macOS on Apple silicon: a header and two load commands.
    fn mach_o() -> Vec<u8> {
        const LOAD_DYLIB: u32 = 0xc;
        const RPATH: u32 = 0x8000_001c;
        let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let mut library: Vec<u8> = words(&[LOAD_DYLIB, 56, 24, 0, 0, 0]);
        library.extend(b"/usr/lib/libSystem.B.dylib");
        library.resize(56, 0);
        let mut folder: Vec<u8> = words(&[RPATH, 32, 12]);
        folder.extend(b"@loader_path/lib");
        folder.resize(32, 0);
        let mut file: Vec<u8> = words(&[0xfeed_facf, 0x0100_000c, 0, 6, 2, 88, 0, 0]);
        file.extend(library);
        file.extend(folder);
        file
    }

    #[test]
    fn a_library_of_macos_tells_what_it_needs() {
        let contents = parse(&mach_o()).unwrap();
        assert_eq!(contents.target.system(), "macOS");
        assert_eq!(contents.target.machine(), "aarch64");
        assert_eq!(contents.needed, ["/usr/lib/libSystem.B.dylib"]);
        let search = Search {
            kind: SearchKind::LoadCommand,
            folders: "@loader_path/lib".to_owned(),
        };
        assert_eq!(contents.search, [search]);
    }

    #[test]
    fn a_file_beyond_all_measure_is_not_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(LARGEST + 1).unwrap();
        assert!(matches!(read(file.path()), Err(InspectError::TooLarge(_))));
    }

    #[test]
    fn this_program_is_not_foreign() {
        let program = std::env::current_exe().unwrap();
        assert_eq!(foreign(&program), None);
        assert!(!read(&program).unwrap().needed.is_empty());
    }

    #[test]
    fn what_is_no_machine_code_is_named() {
        assert!(matches!(parse(b""), Err(InspectError::Empty)));
        assert!(matches!(parse(b"INPUT(libm.so)"), Err(InspectError::Text)));
        assert!(matches!(parse(b"!<arch>\nxyz"), Err(InspectError::Archive)));
        assert!(matches!(
            parse(b"\x7fELF\0\0"),
            Err(InspectError::Unknown(_))
        ));
        assert!(matches!(read(Path::new("/")), Err(InspectError::NotAFile)));
        assert!(matches!(
            read(Path::new("/no/such")),
            Err(InspectError::Open(_))
        ));
    }

    proptest! {
        #[test]
        fn junk_never_panics(mut tail in proptest::collection::vec(any::<u8>(), 0..512), keep in 0..64usize) {
            let _ = parse(&tail);
            let mut data = elf_header(62);
            data.truncate(keep);
            data.append(&mut tail);
            let _ = parse(&data);
        }

        #[test]
        fn a_damaged_program_never_panics(flips in proptest::collection::vec((any::<u16>(), any::<u8>()), 1..40)) {
            let mut data = elf_header(62);
            data.resize(4096, 7);
            for (at, value) in flips {
                let at = usize::from(at) % data.len();
                data[at] = value;
            }
            let _ = parse(&data);
        }
    }
}
