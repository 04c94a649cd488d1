//! A message that is told later, and maybe more than once: it is kept in the cache and given to programs, both of which have
//! no language of their own. What is printed at once is `words!`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::language::{self, FluentValue, Language};

/// A message of the catalogues with its arguments, or what somebody else said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Message {
    /// Words of a compiler, of Python, of the system or of a lesson, as they stand.
    Verbatim(String),
    /// A message of the catalogues. Written by [`message!`](crate::message!).
    Ours(Box<Ours>),
}

/// A message of the catalogues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ours {
    /// Its key.
    pub key: Cow<'static, str>,
    /// Its arguments, by their names.
    pub arguments: BTreeMap<Cow<'static, str>, Argument>,
}

/// What stands for a placeable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Argument {
    /// A number, which may choose a plural form.
    Number(u64),
    /// A text, or a message that is a part of another.
    Said(Message),
}

/// The message with this key, to be told later. A test holds keys and arguments against the catalogues.
#[macro_export]
macro_rules! message {
    ($key:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::message::Message::Ours(::std::boxed::Box::new($crate::message::Ours {
            key: ::std::borrow::Cow::Borrowed($key),
            arguments: ::std::collections::BTreeMap::from([
                $((
                    ::std::borrow::Cow::Borrowed(stringify!($name)),
                    $crate::message::Argument::from($value),
                )),*
            ]),
        }))
    };
}

impl Message {
    /// In this language.
    pub fn told(&self, language: Language) -> String {
        let (key, arguments) = match self {
            Message::Verbatim(text) => return text.clone(),
            Message::Ours(ours) => (&ours.key, &ours.arguments),
        };
        let arguments: Vec<(Cow<str>, FluentValue)> = arguments
            .iter()
            .map(|(name, argument)| {
                let value = match argument {
                    Argument::Number(number) => FluentValue::from(*number),
                    Argument::Said(message) => FluentValue::from(message.told(language)),
                };
                (Cow::Borrowed(name.as_ref()), value)
            })
            .collect();
        language::text(language, key, &arguments)
    }

    /// As programs read it, and as it is kept where it will not be told again.
    pub fn english(&self) -> String {
        self.told(Language::En)
    }
}

/// In the reader's language.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told(language::chosen()))
    }
}

impl From<String> for Message {
    fn from(text: String) -> Message {
        Message::Verbatim(text)
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Message {
        Message::Verbatim(text.to_owned())
    }
}

/// In the reader's language, as a part of what is printed at once.
impl From<Message> for FluentValue<'_> {
    fn from(message: Message) -> Self {
        FluentValue::from(message.to_string())
    }
}

impl<Text: Into<Message>> From<Text> for Argument {
    fn from(text: Text) -> Argument {
        Argument::Said(text.into())
    }
}

impl From<u64> for Argument {
    fn from(number: u64) -> Argument {
        Argument::Number(number)
    }
}

impl From<usize> for Argument {
    fn from(number: usize) -> Argument {
        Argument::Number(number as u64)
    }
}

impl From<u32> for Argument {
    fn from(number: u32) -> Argument {
        Argument::Number(u64::from(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_kept_without_a_language_and_told_in_any() {
        let message = message!(
            "explain-signal",
            meaning = message!("explain-ended-by", name = "SIGFPE"),
            how = "read",
            address = "0x10",
        );
        let kept = serde_json::to_string(&message).unwrap();
        let back: Message = serde_json::from_str(&kept).unwrap();
        assert_eq!(back, message);
        assert_ne!(back.told(Language::De), back.english());
        assert!(back.told(Language::De).contains("0x10"));
        let said = Message::from("as it stands");
        assert_eq!(serde_json::to_string(&said).unwrap(), "\"as it stands\"");
        assert_eq!(said.told(Language::De), said.english());
    }
}
