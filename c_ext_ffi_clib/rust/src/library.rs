//! Shared libraries in this process.

use std::ffi::{CStr, OsStr, OsString, c_int, c_void};
use std::fmt;
use std::path::Path;

use libloading::os::unix as loader;

use crate::inspect;

/// How a library is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(c_int);

impl Flags {
    /// Resolve functions at their first call.
    pub const LAZY: Flags = Flags(loader::RTLD_LAZY);
    /// Resolve everything at once.
    pub const NOW: Flags = Flags(loader::RTLD_NOW);
    /// Offer the symbols to libraries that are opened later.
    pub const GLOBAL: Flags = Flags(loader::RTLD_GLOBAL);
    /// Keep the symbols to this handle.
    pub const LOCAL: Flags = Flags(loader::RTLD_LOCAL);

    /// Flags as the platform numbers them, `RTLD_NODELETE` and others included.
    pub fn from_bits(bits: c_int) -> Flags {
        Flags(bits)
    }

    /// The platform's number.
    pub fn bits(self) -> c_int {
        self.0
    }
}

impl std::ops::BitOr for Flags {
    type Output = Flags;

    fn bitor(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

/// Why a library could not be opened: the loader's message and, where we know it, the cause.
#[derive(Clone, Debug)]
pub struct OpenError {
    /// What was asked for; `None` is the process itself.
    pub name: Option<OsString>,
    /// The loader's own message.
    pub message: String,
    /// The cause in plain words.
    pub diagnosis: Option<Diagnosis>,
}

/// What a look at the file tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Diagnosis {
    /// No such file; for a bare name, the folders that the loader searches.
    Missing {
        /// Empty for a path.
        searched: Vec<std::path::PathBuf>,
    },
    /// The file is there but for another machine.
    Foreign(inspect::Foreign),
    /// The file is no shared library.
    NotALibrary {
        /// What it is instead.
        what: String,
    },
    /// The file is fine but a library that it needs is missing.
    NeedsMissing {
        /// Name of the needed library.
        needed: String,
    },
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Diagnosis::Missing { searched } if searched.is_empty() => {
                write!(out, "there is no such file")
            }
            Diagnosis::Missing { searched } => {
                write!(out, "looked in: ")?;
                for (index, folder) in searched.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(out, "{comma}{}", folder.display())?;
                }
                Ok(())
            }
            Diagnosis::Foreign(foreign) => write!(out, "{foreign}"),
            Diagnosis::NotALibrary { what } => write!(out, "not a shared library: {what}"),
            Diagnosis::NeedsMissing { needed } => {
                write!(
                    out,
                    "the file is fine, but it needs {needed}, which was not found"
                )
            }
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.message)?;
        match &self.diagnosis {
            Some(diagnosis) => write!(out, " ({diagnosis})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for OpenError {}

/// A symbol that the library does not have; the loader's message names both.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct SymbolError {
    /// The loader's own message.
    pub message: String,
}

/// A library that could not be closed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct CloseError {
    /// The loader's own message.
    pub message: String,
}

/// An open library; dropping it closes it (see [`Library::into_raw`] for the other way).
#[derive(Debug)]
pub struct Library(loader::Library);

impl Library {
    /// Opens the library at `path`, a bare name that the loader searches for, or with `None` the
    /// whole process.
    ///
    /// # Errors
    /// When the loader refuses; the error explains why.
    pub fn open(path: Option<&OsStr>, flags: Flags) -> Result<Library, OpenError> {
        // SAFETY: initialisers of the library run now. That is what opening a library means; the
        // caller has named the file.
        let opened = unsafe { loader::Library::open(path, flags.bits()) };
        opened.map(Library).map_err(|error| {
            let message = loader_message(&error);
            let diagnosis = path.and_then(|path| diagnose(path, &message));
            OpenError {
                name: path.map(OsStr::to_owned),
                message,
                diagnosis,
            }
        })
    }

    /// The address of `name`.
    ///
    /// # Errors
    /// When the library and those that it needs do not define it.
    pub fn symbol(&self, name: &CStr) -> Result<*mut c_void, SymbolError> {
        // SAFETY: the symbol is taken as an address; nothing is read through it here.
        let found = unsafe { self.0.get::<*mut c_void>(name) };
        match found {
            Ok(symbol) => Ok(symbol.as_raw_ptr()),
            Err(error) => Err(SymbolError {
                message: loader_message(&error),
            }),
        }
    }

    /// Gives the handle away; the library stays open until someone closes that handle.
    pub fn into_raw(self) -> *mut c_void {
        self.0.into_raw()
    }

    /// Takes over a handle.
    ///
    /// # Safety
    /// `handle` comes from [`Library::into_raw`] or `dlopen` and is closed by nobody else.
    pub unsafe fn from_raw(handle: *mut c_void) -> Library {
        // SAFETY: the caller's promise.
        Library(unsafe { loader::Library::from_raw(handle) })
    }

    /// Closes the library; its addresses are dead afterwards unless it is open elsewhere.
    ///
    /// # Errors
    /// When the loader refuses the handle.
    pub fn close(self) -> Result<(), CloseError> {
        self.0.close().map_err(|error| CloseError {
            message: loader_message(&error),
        })
    }
}

/// The loader's text, without libloading's words around it.
fn loader_message(error: &libloading::Error) -> String {
    use std::error::Error as _;
    error
        .source()
        .map_or_else(|| error.to_string(), ToString::to_string)
}

fn diagnose(path: &OsStr, message: &str) -> Option<Diagnosis> {
    let file = Path::new(path);
    let bare = !path.as_encoded_bytes().contains(&b'/');
    let searched = if bare {
        inspect::searched_folders()
    } else {
        Vec::new()
    };
    // glibc says "No such file" of a file for another machine, so the file itself comes first.
    let candidates = if bare {
        searched.iter().map(|folder| folder.join(file)).collect()
    } else {
        vec![file.to_owned()]
    };
    if let Some(foreign) = candidates.iter().find_map(|file| inspect::foreign(file)) {
        return Some(Diagnosis::Foreign(foreign));
    }
    // The message starts with the file that was not found; a needed one is not the one asked for.
    if let Some((missing, _)) = message.split_once(": cannot open shared object file: No such file")
    {
        if missing != path.to_string_lossy() {
            return Some(Diagnosis::NeedsMissing {
                needed: missing.to_owned(),
            });
        }
        return Some(Diagnosis::Missing { searched });
    }
    if bare {
        return None;
    }
    match inspect::read(file) {
        Ok(contents) if contents.shared => None,
        Ok(contents) => Some(Diagnosis::NotALibrary {
            what: contents.kind.to_string(),
        }),
        Err(inspect::InspectError::Open(_)) => None,
        Err(error) => Some(Diagnosis::NotALibrary {
            what: error.to_string(),
        }),
    }
}
