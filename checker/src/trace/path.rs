//! A stack as a path: frames, the libraries that they lie in, and whether libffi is one of them.

use std::collections::{HashMap, HashSet};
use std::path::{Path as FilePath, PathBuf};

use serde::Serialize;

use super::answer::RawFrame;
use super::image::Image;
use crate::border::printable;
use crate::inspect::names::Symbol;

/// What lies between the interpreter's loop and a C function, in the order of the calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Consecutive frames of one library, from Python to C.
    pub layers: Vec<Layer>,
    /// Whether libffi is among them.
    pub libffi: Libffi,
}

/// Consecutive frames of one library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The library in a word, the same on every machine: `_ctypes` for `_ctypes.cpython-311-x86_64-linux-gnu.so`.
    pub name: String,
    /// What it is to a reader of the path.
    pub kind: Kind,
    /// The name of the file that holds the code; nothing for code that belongs to no file.
    pub file: String,
    /// The library in a word that this one was compiled into, if it is no file of its own.
    pub inside: Option<String>,
    /// Its frames, in the order of the calls.
    pub frames: Vec<Frame>,
}

/// What a layer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The interpreter.
    Python,
    /// What carries the call: `_ctypes`, `_cffi_backend`, an engine, an extension module.
    Bridge,
    /// The library that puts calls together.
    Libffi,
    /// The lesson's C library.
    Library,
}

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The function in its language's words; `None` where the file does not name it.
    pub function: Option<String>,
    /// Whether the name was inferred from the machine code.
    pub inferred: bool,
    /// Where it stands, as an address of the file.
    pub place: u64,
}

/// Whether a call passes through libffi, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Libffi {
    /// It does.
    Passed(Proof),
    /// It does not: so many frames are known by name, and so many by their machine code alone.
    Bypassed {
        /// Frames with a name.
        named: usize,
        /// Frames without, whose code is not libffi's.
        by_code: usize,
    },
    /// That cannot be told, for this reason.
    Unknown(&'static str),
}

/// How libffi was recognised, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proof {
    /// The frame lies in a file of that name.
    File,
    /// The file that it was compiled into names the function.
    Name,
    /// The code around the frame's place is that of libffi's calling function, byte by byte.
    Code,
}

impl Libffi {
    /// Yes, no, or nothing.
    pub fn passes(&self) -> Option<bool> {
        match self {
            Libffi::Passed(_) => Some(true),
            Libffi::Bypassed { .. } => Some(false),
            Libffi::Unknown(_) => None,
        }
    }

    /// In one word.
    pub fn word(&self) -> &'static str {
        match self.passes() {
            Some(true) => "yes",
            Some(false) => "no",
            None => "unknown",
        }
    }

    /// How it is known.
    pub fn why(&self) -> String {
        match self {
            Libffi::Passed(Proof::File) => "it is a library of its own here".to_owned(),
            Libffi::Passed(Proof::Name) => {
                "compiled in; the file that holds it still names its functions".to_owned()
            }
            Libffi::Passed(Proof::Code) => {
                "inferred: compiled in without names, and the machine code around the call is that of ffi_call_unix64"
                    .to_owned()
            }
            Libffi::Bypassed { by_code: 0, .. } => "every frame is known by name".to_owned(),
            Libffi::Bypassed { by_code, .. } => format!(
                "inferred: {by_code} of the frames have no name, and the machine code around their calls is not that of \
                 ffi_call_unix64"
            ),
            Libffi::Unknown(why) => (*why).to_owned(),
        }
    }
}

impl Path {
    /// The libraries in a word each, from Python to C.
    pub fn names(&self) -> Vec<&str> {
        self.layers.iter().map(|it| it.name.as_str()).collect()
    }
}

/// What is known of the files of one run, to read its stacks with.
#[derive(Debug)]
pub struct Map {
    /// The interpreter, without symbolic links.
    interpreter: PathBuf,
    /// The C library, `tiles` for `libtiles.so`.
    library: String,
    /// The C library's functions, static ones too.
    own: HashSet<String>,
    images: HashMap<PathBuf, Option<Image>>,
}

/// The function that the interpreter spends its time in; compilers split and rename parts of it.
const LOOP: &str = "_PyEval_EvalFrameDefault";

/// libffi's calling function for x86-64, written in assembly.
const UNIX64: &str = "ffi_call_unix64";

/// Return addresses in it stand behind an indirect call, and before the lines
/// that take the frame down: no other function keeps flags, result and frame pointer in these places. The bytes are the
/// same in all builds of libffi 3.3 to 3.6 that were looked at, since no compiler made them.
const CALL: [u8; 3] = [0x41, 0xff, 0xd3];
const AFTER: [u8; 16] = [
    0x48, 0x8d, 0x65, 0x18, 0x48, 0x8b, 0x4d, 0x00, 0x48, 0x8b, 0x7d, 0x08, 0x48, 0x8b, 0x6d, 0x10,
];

/// A frame with all that decides which layer it is part of.
struct Found {
    frame: Frame,
    layer: Layer,
    libffi: Option<Proof>,
    /// Whether its machine code could be compared with libffi's.
    compared: bool,
}

impl Map {
    /// A map for runs of this interpreter with this C library, whose functions are `own`.
    pub fn new(
        interpreter: &FilePath,
        library: &str,
        own: impl IntoIterator<Item = String>,
    ) -> Map {
        Map {
            interpreter: real(interpreter),
            library: library.to_owned(),
            own: own.into_iter().collect(),
            images: HashMap::new(),
        }
    }

    /// The path of a stack, whose innermost frame is the C function.
    pub fn path(&mut self, frames: &[RawFrame]) -> Path {
        let mut found = Vec::new();
        let mut complete = false;
        for frame in frames {
            let it = self.find(frame);
            let name = it.frame.function.as_deref().unwrap_or_default();
            complete = name.starts_with(LOOP);
            found.push(it);
            if complete {
                break;
            }
        }
        let libffi = judge(&found, complete);
        let mut layers: Vec<Layer> = Vec::new();
        for Found { frame, layer, .. } in found.into_iter().rev() {
            match layers.last_mut() {
                Some(last) if (&last.name, &last.file) == (&layer.name, &layer.file) => {
                    last.frames.push(frame);
                }
                _ => layers.push(Layer {
                    frames: vec![frame],
                    ..layer
                }),
            }
        }
        Path { layers, libffi }
    }

    fn find(&mut self, frame: &RawFrame) -> Found {
        let path = frame.file.as_deref().map(real);
        let image = path.as_ref().and_then(|path| self.image(path));
        let place = match image {
            Some(image) => image.place(frame.inside(), frame.base),
            None => frame.inside().wrapping_sub(frame.base),
        };
        let symbol = image.and_then(|it| it.function_at(place));
        let symbol = symbol.map(|it| plain(&it.name).to_owned());
        let file = path.as_deref().map(file_name).unwrap_or_default();
        let comparable = image.filter(|it| symbol.is_none() && it.is_x86_64() && !frame.exact);
        let compared = comparable.is_some();
        let inferred = comparable.is_some_and(|it| calls_for_libffi(it, place.wrapping_add(1)));
        let libffi = libffi(&file, symbol.as_deref(), inferred);
        let is_python = path.as_ref() == Some(&self.interpreter) || is_python(&file);
        let own = symbol.as_ref().is_some_and(|name| self.own.contains(name));
        let (name, kind, inside) = self.layer(&file, libffi, own, is_python);
        Found {
            frame: Frame {
                function: match inferred {
                    true => Some(UNIX64.to_owned()),
                    false => symbol.map(readable),
                },
                inferred,
                place,
            },
            layer: Layer {
                name,
                kind,
                file,
                inside,
                frames: Vec::new(),
            },
            libffi,
            compared,
        }
    }

    /// Name, kind, and the library that it was compiled into.
    fn layer(
        &self,
        file: &str,
        libffi: Option<Proof>,
        own: bool,
        python: bool,
    ) -> (String, Kind, Option<String>) {
        let stem = stem(file);
        if libffi.is_some() {
            let inside = (libffi != Some(Proof::File)).then_some(stem);
            return ("libffi".to_owned(), Kind::Libffi, inside);
        }
        if python {
            return ("python".to_owned(), Kind::Python, None);
        }
        if stem == format!("lib{}", self.library) {
            return (stem, Kind::Library, None);
        }
        match own {
            true => (self.library.clone(), Kind::Library, Some(stem)),
            false => (stem, Kind::Bridge, None),
        }
    }

    fn image(&mut self, path: &FilePath) -> Option<&Image> {
        let read = || Image::read(path);
        self.images
            .entry(path.to_owned())
            .or_insert_with(read)
            .as_ref()
    }
}

/// How a frame is known to be libffi's; `code` says that it has libffi's machine code.
fn libffi(file: &str, symbol: Option<&str>, code: bool) -> Option<Proof> {
    match symbol {
        _ if is_libffi_file(file) => Some(Proof::File),
        Some(name) => is_libffi(name).then_some(Proof::Name),
        None => code.then_some(Proof::Code),
    }
}

/// `libffi.so.8`, or `libffi-806b1a9d.so.8` as wheels bring it along.
fn is_libffi_file(file: &str) -> bool {
    let rest = file.strip_prefix("libffi");
    rest.is_some_and(|rest| rest.starts_with(['.', '-']))
}

/// The functions of libffi that stand on the stack of a call. cffi's own wheels put a word before those that others could call.
fn is_libffi(name: &str) -> bool {
    let name = name.strip_prefix("cffistatic_").unwrap_or(name);
    let call = name.strip_prefix("ffi_call");
    call.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

fn calls_for_libffi(image: &Image, return_to: u64) -> bool {
    let from = return_to.wrapping_sub(CALL.len() as u64);
    image.code(from, CALL.len()) == Some(&CALL)
        && image.code(return_to, AFTER.len()) == Some(&AFTER)
}

/// What the frames between, without the C function and the interpreter's own, say of libffi.
fn judge(found: &[Found], complete: bool) -> Libffi {
    if let Some(proof) = found.iter().filter_map(|it| it.libffi).min() {
        return Libffi::Passed(proof);
    }
    if !complete {
        return Libffi::Unknown("the stack could not be followed as far as the interpreter");
    }
    let nameless = |it: &&Found| it.frame.function.is_none();
    if found.iter().filter(nameless).any(|it| !it.compared) {
        return Libffi::Unknown("a frame has no name, and its machine code is not known here");
    }
    let by_code = found.iter().filter(nameless).count();
    Libffi::Bypassed {
        named: found.len() - by_code,
        by_code,
    }
}

fn real(path: &FilePath) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn file_name(path: &FilePath) -> String {
    let name = path.file_name().unwrap_or_default();
    printable(name.as_encoded_bytes())
}

fn is_python(file: &str) -> bool {
    let name = file.strip_prefix("lib").unwrap_or(file);
    name.strip_prefix("python")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// `_ctypes` for `_ctypes.cpython-311-x86_64-linux-gnu.so`.
fn stem(file: &str) -> String {
    match file.split('.').next() {
        Some("") | None => "no file".to_owned(),
        Some(stem) => stem.to_owned(),
    }
}

/// Without what a C compiler adds to the parts of a function that it has split: `.cold`, `.isra.0`.
fn plain(name: &str) -> &str {
    match name.starts_with("_ZN") || name.starts_with("_R") {
        true => name,
        false => name.split('.').next().unwrap_or(name),
    }
}

fn readable(name: String) -> String {
    let symbol = Symbol::read(&name, false);
    printable(symbol.readable.unwrap_or(name).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// libffi's call at address 0, as it lies in a library without names.
    fn code() -> Vec<u8> {
        [CALL.as_slice(), &AFTER].concat()
    }

    fn map() -> Map {
        let mut map = Map::new("/opt/bin/python3.11".as_ref(), "tiles", ["add".to_owned()]);
        let mut put = |path: &str, image| map.images.insert(path.into(), Some(image));
        put("/w/libtiles.so", Image::for_test(&[("add", 0)], &[]));
        put("/l/libffi.so.8", Image::for_test(&[("ffi_call", 32)], &[]));
        put(
            "/l/_ctypes.cpython-311.so",
            Image::for_test(&[("PyCFuncPtr_call.cold", 0)], &[]),
        );
        put(
            "/l/_cffi_backend.so",
            Image::for_test(&[("ffi_call_unix64", 0), ("cdata_call", 32)], &[]),
        );
        put("/l/_stripped.so", Image::for_test(&[], &code()));
        put(
            "/l/libpython3.11.so.1.0",
            Image::for_test(&[(LOOP, 0), ("call", 32)], &[]),
        );
        put(
            "/w/_lesson_7_3.abi3.so",
            Image::for_test(&[("add", 0), ("py_add", 32)], &[]),
        );
        map
    }

    fn frame(file: &str, place: u64) -> RawFrame {
        RawFrame {
            address: place,
            exact: false,
            base: 0,
            file: Some(file.into()),
        }
    }

    fn path(frames: &[(&str, u64)]) -> Path {
        let frames: Vec<RawFrame> = frames.iter().map(|(file, at)| frame(file, *at)).collect();
        map().path(&frames)
    }

    const ADD: (&str, u64) = ("/w/libtiles.so", 1);
    const PYTHON: [(&str, u64); 3] = [
        ("/l/libpython3.11.so.1.0", 40),
        ("/l/libpython3.11.so.1.0", 4),
        ("/l/libpython3.11.so.1.0", 40),
    ];

    fn through(between: &[(&str, u64)]) -> Path {
        path(&[&[ADD], between, &PYTHON].concat())
    }

    #[test]
    fn frames_are_put_together_by_library_in_the_order_of_the_calls() {
        let path = through(&[
            ("/l/libffi.so.8", 4),
            ("/l/libffi.so.8", 36),
            ("/l/_ctypes.cpython-311.so", 4),
        ]);
        assert_eq!(path.names(), ["python", "_ctypes", "libffi", "libtiles"]);
        assert_eq!(path.libffi, Libffi::Passed(Proof::File));
        let functions = |layer: usize| -> Vec<Option<&str>> {
            let frames = path.layers[layer].frames.iter();
            frames.map(|it| it.function.as_deref()).collect()
        };
        assert_eq!(
            functions(0),
            [Some(LOOP), Some("call")],
            "what is outside of the loop is left out"
        );
        assert_eq!(functions(1), [Some("PyCFuncPtr_call")]);
        assert_eq!(functions(2), [Some("ffi_call"), None]);
        assert_eq!(path.layers[1].file, "_ctypes.cpython-311.so");
    }

    #[test]
    fn libffi_is_known_where_it_was_compiled_in() {
        let named = through(&[("/l/_cffi_backend.so", 4), ("/l/_cffi_backend.so", 36)]);
        assert_eq!(
            named.names(),
            ["python", "_cffi_backend", "libffi", "libtiles"]
        );
        assert_eq!(named.libffi, Libffi::Passed(Proof::Name));
        assert_eq!(named.layers[2].inside.as_deref(), Some("_cffi_backend"));
        let return_to = CALL.len() as u64;
        let stripped = through(&[("/l/_stripped.so", return_to)]);
        assert_eq!(stripped.names(), ["python", "libffi", "libtiles"]);
        assert_eq!(stripped.libffi, Libffi::Passed(Proof::Code));
        assert!(stripped.libffi.why().starts_with("inferred"));
        let frame = &stripped.layers[1].frames[0];
        assert_eq!(frame.function.as_deref(), Some(UNIX64));
        assert!(frame.inferred && !named.layers[2].frames[0].inferred);
    }

    #[test]
    fn no_libffi_is_said_only_where_every_frame_is_known() {
        let named = path(
            &[
                &[
                    ("/w/_lesson_7_3.abi3.so", 1),
                    ("/w/_lesson_7_3.abi3.so", 40),
                ],
                &PYTHON[..],
            ]
            .concat(),
        );
        assert_eq!(named.names(), ["python", "_lesson_7_3", "tiles"]);
        assert_eq!(named.layers[2].inside.as_deref(), Some("_lesson_7_3"));
        assert_eq!(
            named.libffi,
            Libffi::Bypassed {
                named: 4,
                by_code: 0
            }
        );
        let other_code = through(&[("/l/_stripped.so", 8)]);
        assert_eq!(
            other_code.libffi,
            Libffi::Bypassed {
                named: 3,
                by_code: 1
            }
        );
        let unreadable = through(&[("/l/gone.so", 8)]);
        assert_eq!(unreadable.libffi.passes(), None);
        let cut = path(&[ADD, ("/l/_ctypes.cpython-311.so", 4)]);
        assert_eq!(cut.libffi.passes(), None);
        let no_file = RawFrame {
            file: None,
            ..frame("", 7)
        };
        let path = map().path(&[frame("/w/libtiles.so", 1), no_file]);
        assert_eq!(path.names(), ["no file", "libtiles"]);
    }

    #[test]
    fn names_that_only_begin_like_those_of_libffi_are_others() {
        assert!(is_libffi("cffistatic_ffi_call"));
        assert!(is_libffi_file("libffi.so.8") && is_libffi_file("libffi-806b1a9d.so.8.1.0"));
        assert!(!is_libffi_file("libffitoo.so") && !is_libffi_file("_cffi_backend.so"));
        assert!(is_libffi("ffi_call") && is_libffi("ffi_call_int") && is_libffi("ffi_call_SYSV"));
        assert!(
            !is_libffi("ffi_callable") && !is_libffi("_cffi_f_add") && !is_libffi("b_ffi_call")
        );
        assert!(
            is_python("python3.13") && is_python("libpython3.11.so.1.0") && is_python("python")
        );
        assert!(!is_python("pythonic.so") && !is_python("_ctypes.so"));
    }
}
