//! What a command said, and how a folder of fixtures is copied.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value as Json;

/// What a command said, and how it ended.
pub struct Said {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Said {
    pub fn from(output: &Output) -> Said {
        Said {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    /// Fails with everything that was said unless the code and all parts are there.
    #[track_caller]
    pub fn must(&self, code: i32, parts: &[&str]) -> &Said {
        let all = format!("{}{}", self.stdout, self.stderr);
        for part in parts {
            assert!(all.contains(part), "no {part:?} in:\n{all}");
        }
        assert_eq!(self.code, Some(code), "{all}");
        self
    }

    pub fn json(&self) -> Json {
        serde_json::from_str(&self.stdout).unwrap()
    }
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}
