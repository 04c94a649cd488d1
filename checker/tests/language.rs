//! The catalogues of messages: complete, used, alike in their arguments; and a participant who reads German.

// Helpers outside `#[test]` functions state their invariants with unwrap as the tests do.
#![expect(clippy::unwrap_used)]

mod workshop;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use proc_macro2::{TokenStream, TokenTree};
use workshop::{BRIDGE, STOCK, Workshop};

/// Messages by their key: the arguments of each.
type Messages = BTreeMap<String, BTreeSet<String>>;

/// The English message that a German one may be alike.
const ALIKE: [&str; 1] = ["about"];

fn folder(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn source(code: &str) -> String {
    fs::read_to_string(folder("locales").join(code).join("checker.ftl")).unwrap()
}

/// The messages of a catalogue, and their texts.
fn catalogue(code: &str) -> (Messages, BTreeMap<String, String>) {
    let parsed = fluent_syntax::parser::parse(source(code)).unwrap();
    let mut messages = Messages::new();
    let mut texts = BTreeMap::new();
    for entry in parsed.body {
        let message = match entry {
            Entry::Message(message) => message,
            Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) => continue,
            other => panic!("{code}: {other:?}"),
        };
        let key = message.id.name;
        let pattern = message.value.unwrap();
        let mut names = BTreeSet::new();
        arguments(&pattern, &mut names);
        texts.insert(key.clone(), format!("{pattern:?}"));
        assert!(
            messages.insert(key.clone(), names).is_none(),
            "{code}: {key} is there twice"
        );
    }
    (messages, texts)
}

fn arguments(pattern: &Pattern<String>, names: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        let PatternElement::Placeable { expression } = element else {
            continue;
        };
        let inline = match expression {
            Expression::Inline(inline) => inline,
            Expression::Select { selector, variants } => {
                variants.iter().for_each(|it| arguments(&it.value, names));
                selector
            }
        };
        match inline {
            InlineExpression::VariableReference { id } => {
                names.insert(id.name.clone());
            }
            // A bracket that would begin a plural form.
            InlineExpression::StringLiteral { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

/// The messages that the code asks for.
fn asked() -> Messages {
    let mut found = Messages::new();
    let mut folders = vec![folder("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                collect(text.parse().unwrap(), &mut found);
            }
        }
    }
    found
}

/// Looks for `words!("key", name = value, ...)`, and for `message!` likewise.
fn collect(tokens: TokenStream, found: &mut Messages) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (index, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else {
            continue;
        };
        collect(group.stream(), found);
        let before = |back: usize| index.checked_sub(back).map(|it| tokens[it].to_string());
        if !matches!(before(2).as_deref(), Some("words" | "message"))
            || before(1).as_deref() != Some("!")
        {
            continue;
        }
        let inside: Vec<TokenTree> = group.stream().into_iter().collect();
        let key = inside[0].to_string().trim_matches('"').to_owned();
        let names = inside.windows(3).filter_map(|part| match part {
            [
                TokenTree::Punct(comma),
                TokenTree::Ident(name),
                TokenTree::Punct(equals),
            ] if comma.as_char() == ',' && equals.as_char() == '=' => Some(name.to_string()),
            _ => None,
        });
        let names = names.collect();
        let known = found
            .entry(key.clone())
            .or_insert_with(|| BTreeSet::clone(&names));
        assert_eq!(*known, names, "{key} is asked for with different arguments");
    }
}

#[test]
fn each_message_is_used_translated_and_has_its_arguments() {
    let used = asked();
    let (english, texts) = catalogue("en");
    assert!(
        used.len() > 80,
        "the search finds what the code uses: {used:?}"
    );
    assert_eq!(used, english);
    for entry in fs::read_dir(folder("locales")).unwrap() {
        let code = entry.unwrap().file_name().into_string().unwrap();
        let (messages, translated) = catalogue(&code);
        assert_eq!(messages, english, "{code}");
        if code == "en" {
            continue;
        }
        let same = |key: &&String| translated[*key] == texts[*key];
        let left: Vec<_> = texts.keys().filter(same).collect();
        assert_eq!(left, ALIKE, "{code}: not translated");
    }
}

/// Without the program's own name and without what only happens to be alike.
fn german(shop: &Workshop, words: &str) -> String {
    shop.run(&format!("{words} --language de")).stdout
}

#[test]
fn a_participant_reads_german_and_programs_read_english() {
    let shop = Workshop::new();
    shop.edit(
        BRIDGE,
        "return lib.pair_add(a, b)",
        "return lib.pair_add(a, 0)",
    );
    let run = format!("run 0.1 {}", STOCK.join(" "));
    let report = german(&shop, &run);
    for part in [
        "1 von 2 Varianten bestanden, 4 von 6 Punkten\n",
        "ctypes/stock: wrong (falsche Antwort)\n",
        "      erwartet  5 (int)\n      gefunden  2 (int)\n",
        "und 3 weitere Fragen gingen schief\n",
        "  weiter: ",
        "ändere lessons/lesson-0.1/exercise/ctypes_bridge.py und gib denselben Befehl noch einmal ein\n",
        "Which bridge: 1 von 1 Punkten\n",
        "fertig: ext, Write them by hand (3 Punkte)\n",
    ] {
        assert!(report.contains(part), "no {part:?} in {report}");
    }
    let place = german(&shop, "");
    assert!(place.contains("2 von 3 Übungen erledigt"), "{place}");
    assert!(place.contains("Du bist bei lesson-0.1"), "{place}");
    assert!(
        place.contains("letzter Lauf: ctypes/stock wrong"),
        "{place}"
    );
    assert!(german(&shop, "next").contains("weiter: `checker hint` hilft genau dabei"));
    assert!(german(&shop, "list").contains("min    6 Punkte  hier"));
    assert!(german(&shop, "list nothing").contains("Keine Lektion enthält `nothing`."));
    assert!(german(&shop, "progress").contains("insgesamt:  2 von  3 Übungen"));
    assert!(german(&shop, "hint 0.1 ctypes").contains("dein letzter Lauf"));
    assert!(german(&shop, "solution 0.1 ctypes").contains("Noch nicht bestanden: ctypes."));
    assert!(german(&shop, "diff 0.1 ext").contains("ist Zeile für Zeile die Lösung."));
    assert!(
        german(&shop, "diff 0.1 ctypes --plain").contains("deins:     return lib.pair_add(a, 0)")
    );
    assert!(german(&shop, "reset 0.1 --undo").contains("Für lesson-0.1 gibt es kein Zurücksetzen"));

    assert_eq!(
        shop.run(&format!("{run} --json --language de")).stdout,
        shop.run(&format!("{run} --json")).stdout
    );
    let block = |text: &str| text[text.find("problems of").unwrap()..].to_owned();
    let problems = shop.run(&format!("{run} --problems")).stdout;
    assert_eq!(
        block(&german(&shop, &format!("{run} --problems"))),
        block(&problems)
    );
}

#[test]
fn a_crash_is_explained_in_german_and_kept_in_no_language() {
    let shop = Workshop::new();
    shop.edit(
        BRIDGE,
        "return lib.pair_add(a, b)",
        "return ctypes.string_at(1)",
    );
    let explain = "explain 0.1 ctypes/stock";
    let told = german(&shop, explain);
    for part in [
        "ctypes/stock: crashed(SIGSEGV)\n",
        "SIGSEGV: Es wurde Speicher angefasst, der dem Prozess nicht gehört",
        "  gezeigt von  ",
        "\n  Was es ist\n",
        "\n  Woher wir es wissen\n    - ",
        "\n  Was getan wurde\n    - der gewöhnliche Lauf wurde von SIGSEGV beendet",
    ] {
        assert!(told.contains(part), "no {part:?} in {told}");
    }
    let run = german(&shop, "run 0.1 --backend stock --bridge ctypes");
    let ended = "    der Prozess wurde von SIGSEGV beendet: Er benutzte eine Adresse";
    assert!(run.contains(ended), "{run}");
    // What was found in German is kept, and is told in English.
    let english = shop.run(explain).stdout;
    assert!(english.contains("\n  How we know\n    - "), "{english}");
    assert!(
        english.contains("    - the ordinary run was ended by SIGSEGV"),
        "{english}"
    );
    let json = shop.run(&format!("{explain} --json")).stdout;
    assert!(
        json.contains("\"signal\": \"SIGSEGV: memory was touched"),
        "{json}"
    );
    assert_eq!(german(&shop, &format!("{explain} --json")), json);
}

#[test]
fn an_error_and_its_next_step_are_told_in_german() {
    let shop = Workshop::new();
    shop.run("run 0.2 --language de").must(
        4,
        &[
            "Fehler: keine Lektion heißt `0.2`\n",
            "  weiter: meintest du `lesson-0.1`? `checker list` zeigt alle Lektionen\n",
        ],
    );
    std::fs::remove_file(shop.lesson(BRIDGE)).unwrap();
    let run = format!("run 0.1 {}", STOCK[..4].join(" "));
    let report = german(&shop, &run);
    for part in [
        "exercise/ctypes_bridge.py: die Datei fehlt\n",
        "  weiter: berichtige die Datei, oder beginne neu mit `git checkout -- ",
    ] {
        assert!(report.contains(part), "no {part:?} in {report}");
    }
    let problems = german(&shop, &format!("{run} --problems"));
    assert!(problems.contains(": the file is missing ["), "{problems}");
    assert!(problems.contains("skipped("), "{problems}");
    let json = shop.run("run 0.2 --json --language de").stdout;
    assert!(json.contains("no lesson is called `0.2`"), "{json}");
}

#[test]
fn the_language_is_chosen_by_option_variable_and_locale() {
    let shop = Workshop::new();
    let says_german = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command = shop.command(args);
        let said = command.envs(variables.iter().copied()).output().unwrap();
        assert!(said.status.success() && said.stderr.is_empty(), "{said:?}");
        String::from_utf8(said.stdout)
            .unwrap()
            .contains("Du bist bei")
    };
    assert!(!says_german(&[], &[]));
    assert!(says_german(&[], &[("LANG", "de_DE.UTF-8")]));
    assert!(says_german(&[], &[("LC_MESSAGES", "de_AT"), ("LANG", "C")]));
    assert!(!says_german(
        &[],
        &[("LC_ALL", "C.UTF-8"), ("LANG", "de_DE.UTF-8")]
    ));
    assert!(says_german(
        &[],
        &[("CHECKER_LANGUAGE", "de"), ("LC_ALL", "C")]
    ));
    assert!(!says_german(
        &["--language", "en"],
        &[("CHECKER_LANGUAGE", "de")]
    ));
    assert!(!says_german(
        &[],
        &[("CHECKER_LANGUAGE", "tlh"), ("LANG", "de")]
    ));
    shop.run("--language tlh").must(
        2,
        &[
            "invalid value 'tlh' for '--language",
            "possible values: en, de",
        ],
    );
}

#[test]
fn a_watch_speaks_the_language_of_its_checks() {
    let shop = Workshop::new();
    let args = [&["watch", "0.1", "--language", "de"], &STOCK[..4]].concat();
    let mut command = shop.command(&args);
    command.stdin(std::process::Stdio::piped());
    command.stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut said = String::new();
    use std::io::{BufRead as _, Write as _};
    for line in std::io::BufReader::new(child.stdout.take().unwrap()).lines() {
        said += &(line.unwrap() + "\n");
        if said.contains("Punkten\n") && !said.contains("h Hinweis") {
            child.stdin.as_mut().unwrap().write_all(b"?\nq\n").unwrap();
        }
    }
    assert!(child.wait().unwrap().success());
    for part in [
        "prüfe lesson-0.1\n",
        "1 von 1 Varianten bestanden",
        "h Hinweis, e erkläre",
    ] {
        assert!(said.contains(part), "no {part:?} in {said}");
    }
}
