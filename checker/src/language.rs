//! What participants read, in their language: messages from the Fluent files in `checker/locales/`.
//!
//! The language is chosen once for the whole process. What programs read (`--json`, `--problems`, the names of verdicts) is
//! English always.

use std::borrow::Cow;
use std::sync::OnceLock;

use clap::ValueEnum;
use fluent_bundle::FluentResource;
use fluent_bundle::concurrent::FluentBundle;

pub use fluent_bundle::FluentValue;

/// A language that there is a catalogue of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Deutsch.
    De,
}

/// The message with this key, in the chosen language. A test holds keys and arguments against the catalogues.
#[macro_export]
macro_rules! words {
    ($key:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::language::text(
            $crate::language::chosen(),
            $key,
            &[$((
                ::std::borrow::Cow::Borrowed(stringify!($name)),
                $crate::language::FluentValue::from($value),
            )),*],
        )
    };
}

static CHOSEN: OnceLock<Language> = OnceLock::new();

/// Where a wish may be found, the strongest first.
const VARIABLES: [&str; 4] = ["CHECKER_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"];

/// Decides for the whole process: what was asked for, else what the environment says.
pub fn choose(asked: Option<Language>) {
    let language = asked.unwrap_or_else(|| wished(|name| std::env::var(name).ok()));
    // Set once, where the command line is read.
    let _ = CHOSEN.set(language);
}

/// The language that was chosen.
pub fn chosen() -> Language {
    CHOSEN.get().copied().unwrap_or_default()
}

/// The first variable that says something decides; English where there is no catalogue of what it says.
fn wished(variable: impl Fn(&str) -> Option<String>) -> Language {
    let named = VARIABLES.into_iter().find_map(|name| {
        let value = variable(name)?;
        (!value.is_empty()).then_some(value)
    });
    named
        .and_then(|name| Language::named(&name))
        .unwrap_or_default()
}

impl Language {
    /// The language of a locale's name, such as `de_AT.UTF-8`, `de-CH` or `de`.
    fn named(locale: &str) -> Option<Language> {
        let code = locale
            .split(['_', '-', '.', '@'])
            .next()
            .unwrap_or_default();
        Language::from_str(code, true).ok()
    }

    /// As it is typed and as the folders of the catalogues are called.
    pub fn code(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::De => "de",
        }
    }

    fn source(self) -> &'static str {
        match self {
            Language::En => include_str!("../locales/en/checker.ftl"),
            Language::De => include_str!("../locales/de/checker.ftl"),
        }
    }

    /// The texts on the classes of bugs.
    pub fn classes(self) -> &'static str {
        match self {
            Language::En => include_str!("../museum/classes.toml"),
            Language::De => include_str!("../locales/de/classes.toml"),
        }
    }

    fn catalogue(self) -> &'static FluentBundle<FluentResource> {
        static BUNDLES: [OnceLock<FluentBundle<FluentResource>>; 2] =
            [const { OnceLock::new() }; 2];
        BUNDLES[self as usize].get_or_init(|| {
            let code = self.code().parse().expect("the codes are language tags");
            let mut bundle = FluentBundle::new_concurrent(vec![code]);
            // A terminal shows the marks that would stand around each argument.
            bundle.set_use_isolating(false);
            let source = self.source().to_owned();
            let resource = FluentResource::try_new(source).expect("a test reads each catalogue");
            bundle
                .add_resource(resource)
                .expect("a test finds keys that are there twice");
            bundle
        })
    }
}

/// What stands for a placeable, after its name.
type Argument<'a> = (Cow<'a, str>, FluentValue<'a>);

/// A message in a language, else in English. Written by [`words!`].
pub fn text(language: Language, key: &str, arguments: &[Argument]) -> String {
    let found = |language| message(language, key, arguments);
    found(language)
        .or_else(|| found(Language::En))
        .unwrap_or_else(|| key.to_owned())
}

/// `None` when the catalogue has no such message, or it asks for an argument that is not there.
fn message(language: Language, key: &str, arguments: &[Argument]) -> Option<String> {
    let bundle = language.catalogue();
    let pattern = bundle.get_message(key)?.value()?;
    let arguments = arguments.iter().cloned();
    let mut errors = Vec::new();
    let text = bundle.format_pattern(pattern, Some(&arguments.collect()), &mut errors);
    errors.is_empty().then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_says_something_decides() {
        let told = |pairs: &[(&str, &str)]| {
            wished(|name| {
                let found = pairs.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(told(&[]), Language::En);
        assert_eq!(told(&[("LANG", "de_DE.UTF-8")]), Language::De);
        assert_eq!(
            told(&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "C.UTF-8")]),
            Language::En
        );
        assert_eq!(told(&[("LANG", "de"), ("LC_ALL", "")]), Language::De);
        assert_eq!(
            told(&[("LANG", "en_GB"), ("LC_MESSAGES", "de-AT")]),
            Language::De
        );
        assert_eq!(
            told(&[("LC_ALL", "en_US"), ("CHECKER_LANGUAGE", "DE")]),
            Language::De
        );
        assert_eq!(
            told(&[("LANG", "de"), ("CHECKER_LANGUAGE", "tlh")]),
            Language::En
        );
        assert_eq!(told(&[("LANG", "dea_XX")]), Language::En);
    }

    #[test]
    fn a_message_falls_back_to_its_key_at_last() {
        let number = [("done".into(), FluentValue::from(1))];
        assert_eq!(text(Language::De, "no-such-key", &number), "no-such-key");
        assert_eq!(message(Language::De, "course-counts", &number), None);
    }

    #[test]
    fn codes_are_what_one_types() {
        for language in Language::value_variants() {
            assert_eq!(Language::named(language.code()), Some(*language));
            assert!(language.catalogue().has_message("course-counts"));
        }
    }
}
