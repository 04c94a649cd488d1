//! Opening libraries, and what is said when that fails.
#![cfg(all(feature = "call", unix))]
// Helpers outside `#[test]` functions state their invariants with unwrap as the tests do.
#![expect(clippy::unwrap_used)]

mod common;

use std::ffi::OsStr;

use clib::inspect;
use clib::library::{Diagnosis, Flags, Library};

#[test]
fn a_library_opens_offers_symbols_and_closes() {
    let folder = tempfile::tempdir().unwrap();
    let path = common::compile(folder.path(), "one", "int one(void) { return 1; }", true);
    let contents = inspect::read(&path).unwrap();
    assert!(contents.shared && contents.exports.iter().any(|name| name == "one"));
    assert_eq!(inspect::foreign(&path), None);
    let library = Library::open(Some(path.as_os_str()), Flags::NOW | Flags::LOCAL).unwrap();
    assert!(!library.symbol(c"one").unwrap().is_null());
    let error = library.symbol(c"two").unwrap_err();
    assert!(error.message.contains("two"), "{error}");
    let handle = library.into_raw();
    // SAFETY: the handle was given away just now.
    let library = unsafe { Library::from_raw(handle) };
    library.close().unwrap();
}

#[test]
fn the_process_is_a_library() {
    let process = Library::open(None, Flags::LAZY).unwrap();
    assert!(!process.symbol(c"strlen").unwrap().is_null());
}

#[cfg(target_os = "linux")]
mod diagnoses {
    use super::*;

    fn diagnosis(name: &OsStr) -> (Option<Diagnosis>, String) {
        let error = Library::open(Some(name), Flags::NOW).unwrap_err();
        (error.diagnosis.clone(), error.to_string())
    }

    #[test]
    fn a_missing_name_lists_the_folders() {
        let (found, text) = diagnosis(OsStr::new("libno_such_thing.so"));
        let Some(Diagnosis::Missing { searched }) = found else {
            panic!("{text}")
        };
        assert!(
            searched.iter().any(|folder| folder.ends_with("usr/lib")),
            "{text}"
        );
        assert!(text.contains("libno_such_thing.so: cannot open"), "{text}");
    }

    #[test]
    fn a_missing_path_is_plainly_missing() {
        let (found, _) = diagnosis(OsStr::new("/no/such/libx.so"));
        assert_eq!(found, Some(Diagnosis::Missing { searched: vec![] }));
    }

    /// The loader itself says that there is no such file.
    #[test]
    fn a_file_for_another_machine_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = common::compile(folder.path(), "there", "int there;", true);
        let mut image = std::fs::read(&path).unwrap();
        // The machine field of the ELF header: 183 is aarch64, 62 is x86-64.
        image[18] = if image[18] == 183 { 62 } else { 183 };
        std::fs::write(&path, image).unwrap();
        let (found, text) = diagnosis(path.as_os_str());
        assert!(matches!(found, Some(Diagnosis::Foreign(_))), "{text}");
        assert!(text.contains("built for "), "{text}");
    }

    #[test]
    fn a_text_file_is_no_library() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("libtext.so");
        std::fs::write(
            &path,
            "this is no machine code, but it is long enough for a header\n".repeat(4),
        )
        .unwrap();
        let (found, text) = diagnosis(path.as_os_str());
        assert!(
            matches!(found, Some(Diagnosis::NotALibrary { .. })),
            "{text}"
        );
        assert!(text.contains("a text file"), "{text}");
    }

    #[test]
    fn a_needed_library_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let needed = common::compile(
            folder.path(),
            "needed",
            "int needed(void) { return 1; }",
            true,
        );
        let source = folder.path().join("user.c");
        std::fs::write(
            &source,
            "int needed(void); int user(void) { return needed(); }",
        )
        .unwrap();
        let user = folder.path().join("libuser.so");
        let made = std::process::Command::new("cc")
            .args(["-shared", "-fPIC", "-o"])
            .arg(&user)
            .arg(&source)
            .arg("-L")
            .arg(folder.path())
            .args(["-Wl,--no-as-needed", "-lneeded"])
            .status()
            .unwrap();
        assert!(made.success());
        std::fs::remove_file(needed).unwrap();
        let (found, text) = diagnosis(user.as_os_str());
        assert_eq!(
            found,
            Some(Diagnosis::NeedsMissing {
                needed: "libneeded.so".into()
            }),
            "{text}"
        );
    }
}
