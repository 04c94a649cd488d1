//! What a participant has begun: an exercise of which a file is no longer its starter.

use std::fs;

use crate::authoring::starters;
use crate::lesson::{Exercise, Lesson};

/// The exercises of which every file is still its starter. Where no starters can be derived, none counts as such.
pub fn untouched(lesson: &Lesson) -> Vec<&Exercise> {
    let Ok(Ok(starters)) = starters::derive(&lesson.folder) else {
        return Vec::new();
    };
    let folder = lesson.folder.join("exercise");
    let is_starter = |file: &std::path::PathBuf| {
        let content = fs::read(folder.join(file)).ok();
        let starter = starters.iter().find(|it| it.file == *file);
        starter.is_some_and(|it| content.as_ref() == Some(&it.content))
    };
    lesson
        .manifest
        .exercises
        .iter()
        .filter(|it| !it.files.is_empty() && it.files.iter().all(is_starter))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_changed_file_begins_an_exercise_and_what_has_no_starter_is_begun() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = toml::from_str(
            "format_version = 1\nid = \"lesson-1\"\norder = 1\ntitle = \"T\"\nsection = \"1\"\nminutes = 45\n\
             [clib]\nname = \"add\"\n\
             [[exercise]]\nid = \"api\"\ntitle = \"D\"\nminutes = 1\nvariants = [\"api/*\"]\nfiles = [\"api_build.py\", \"api_bridge.py\"]\npoints = 2\n\
             [[exercise]]\nid = \"abi\"\ntitle = \"D\"\nminutes = 1\nvariants = [\"abi/*\"]\nfiles = [\"abi_bridge.py\"]\npoints = 2\n\
             [[exercise]]\nid = \"none\"\ntitle = \"D\"\nminutes = 1\nvariants = [\"ext/*\"]\nfiles = []\npoints = 2\n",
        );
        let lesson = Lesson {
            folder: folder.path().to_owned(),
            manifest: manifest.unwrap(),
        };
        let write = |file: &str, text: &str| {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        for file in ["api_build.py", "api_bridge.py"] {
            write(&format!("solution/{file}"), "a = 1\n");
            write(&format!("exercise/{file}"), "a = 1\n");
        }
        write("exercise/abi_bridge.py", "a = 1\n");
        let ids = || -> Vec<&str> { untouched(&lesson).iter().map(|it| &it.id[..]).collect() };
        assert_eq!(ids(), ["api"]);
        write("exercise/api_build.py", "a = 2\n");
        assert!(ids().is_empty());
        write("exercise/api_build.py", "a = 1\n");
        fs::remove_file(folder.path().join("exercise/api_bridge.py")).unwrap();
        assert!(ids().is_empty(), "a file that is gone is a change");
    }
}
