//! Makes bytes of unknown origin harmless to a terminal and honest to a reader.

use std::fmt::Write;

/// The text of `bytes` with everything that steers a terminal or hides from a reader written as a visible escape:
/// control characters, bidirectional controls, invisible format characters and bytes that are not UTF-8.
/// Newlines and tabs stay.
pub fn printable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        chunk.valid().chars().for_each(|c| push(&mut text, c));
        for byte in chunk.invalid() {
            write!(text, "\\x{byte:02x}").expect("a String takes all text");
        }
    }
    text
}

fn push(text: &mut String, c: char) {
    match c {
        '\n' | '\t' => text.push(c),
        '\r' => text.push_str("\\r"),
        '\0'..='\x1f' | '\x7f' => {
            write!(text, "\\x{:02x}", u32::from(c)).expect("a String takes all text");
        }
        _ if hidden(c) => {
            write!(text, "\\u{{{:x}}}", u32::from(c)).expect("a String takes all text");
        }
        _ => text.push(c),
    }
}

/// C1 controls, bidirectional controls, line separators, zero-width and tag characters.
fn hidden(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays() {
        let text = "add(2, 3) = 5\n\tgrüße, 日本, 🦀 \\x1b";
        assert_eq!(printable(text.as_bytes()), text);
    }

    #[test]
    fn what_steers_a_terminal_becomes_visible() {
        assert_eq!(
            printable(b"\x1b[31mred\x07\x08\x7f\r\0"),
            "\\x1b[31mred\\x07\\x08\\x7f\\r\\x00"
        );
        assert_eq!(printable("\u{9b}2J\u{85}".as_bytes()), "\\u{9b}2J\\u{85}");
        assert_eq!(
            printable("a\u{202e}b\u{2066}c\u{200b}".as_bytes()),
            "a\\u{202e}b\\u{2066}c\\u{200b}"
        );
    }

    #[test]
    fn bytes_that_are_not_text_are_shown_as_bytes() {
        assert_eq!(printable(b"a\xff\xc3(\xe2\x82"), "a\\xff\\xc3(\\xe2\\x82");
    }

    #[test]
    fn no_control_survives_any_pair_of_bytes() {
        for first in 0..=u8::MAX {
            for second in 0..=u8::MAX {
                let text = printable(&[first, second]);
                assert!(
                    text.chars()
                        .all(|c| c == '\n' || c == '\t' || !c.is_control())
                );
            }
        }
    }
}
