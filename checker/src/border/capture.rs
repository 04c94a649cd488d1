//! Keeps the head and the tail of a stream whose length nobody knows.

use std::collections::VecDeque;

use super::{Captured, printable};

/// Bytes kept from the beginning of a stream.
const HEAD: usize = 32 * 1024;
/// Bytes kept from its end.
const TAIL: usize = 32 * 1024;

/// A stream that is being read.
#[derive(Default)]
pub(super) struct Capture {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    total: u64,
}

impl Capture {
    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        let (first, rest) = bytes.split_at(bytes.len().min(HEAD - self.head.len()));
        self.head.extend_from_slice(first);
        let rest = &rest[rest.len().saturating_sub(TAIL)..];
        let surplus = (self.tail.len() + rest.len()).saturating_sub(TAIL);
        self.tail.drain(..surplus);
        self.tail.extend(rest);
    }

    /// How many bytes came so far.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// What is kept.
    pub fn finish(self) -> Captured {
        Captured {
            head: self.head,
            tail: self.tail.into(),
            total: self.total,
        }
    }
}

impl Captured {
    /// The text for a reader: everything that is kept, made harmless, and how much was left out in the middle.
    pub fn text(&self) -> String {
        let kept = (self.head.len() + self.tail.len()) as u64;
        let left_out = self.total.saturating_sub(kept);
        if left_out == 0 {
            return printable(&[self.head.as_slice(), self.tail.as_slice()].concat());
        }
        let (head, tail) = (printable(&self.head), printable(&self.tail));
        format!("{head}\n... {left_out} bytes left out ...\n{tail}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_streams_are_kept_whole() {
        let mut capture = Capture::default();
        capture.push(b"one ");
        capture.push(b"two");
        let captured = capture.finish();
        assert_eq!((captured.text().as_str(), captured.total), ("one two", 7));
    }

    #[test]
    fn long_streams_keep_both_ends_and_the_true_length() {
        let stream: Vec<u8> = (0..200_000_u32).map(|n| b'a' + (n % 26) as u8).collect();
        for step in [1, 7, 4096, 50_000, 200_000] {
            let mut capture = Capture::default();
            stream.chunks(step).for_each(|chunk| capture.push(chunk));
            let captured = capture.finish();
            assert_eq!(captured.head, stream[..HEAD], "in steps of {step}");
            assert_eq!(captured.tail, stream[stream.len() - TAIL..]);
            assert_eq!(captured.total, 200_000);
            assert!(captured.text().contains("134464 bytes left out"));
        }
    }
}
