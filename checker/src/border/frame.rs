//! What passes between the checker and its supervisor: the specification on the supervisor's standard input, followed by
//! bytes for the payload; frames on its standard output.
//!
//! The specification is four bytes with its length (little end first) and that many bytes of JSON. A frame is one byte that
//! tells its kind, followed by a length and bytes in the same way.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::{Access, Ended, Isolation, Job};
use crate::interrupt;
use crate::lesson::Limits;

/// The longest frame that a supervisor sends, bytes: an [`Ended`] with both streams at their longest.
const LONGEST: usize = 1 << 20;
const HEADER: usize = 5;

/// What a supervisor has to start.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Specification {
    pub program: OsString,
    #[serde(with = "words")]
    pub args: Vec<OsString>,
    pub env: Vec<(OsString, OsString)>,
    pub cwd: OsString,
    pub limits: Limits,
    pub access: Access,
    /// Whether the payload gets two more pipes; their descriptor numbers (requests, replies) become its last arguments.
    pub channel: bool,
    pub isolation: Isolation,
    /// Folders of the checker's to remove should it be gone before the run is over.
    pub legacy: Vec<PathBuf>,
    /// For a trial: a folder that the payload must not be able to write to.
    pub trial: Option<PathBuf>,
}

/// Arguments as JSON strings: byte by byte, the text of the driver takes ten times as long to write and to read. Those that are no UTF-8
/// travel as bytes.
mod words {
    use std::ffi::OsString;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Word {
        Text(String),
        Bytes(OsString),
    }

    pub fn serialize<S: Serializer>(args: &[OsString], to: S) -> Result<S::Ok, S::Error> {
        let word = |arg: &OsString| match arg.to_str() {
            Some(text) => Word::Text(text.to_owned()),
            None => Word::Bytes(arg.clone()),
        };
        to.collect_seq(args.iter().map(word))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<OsString>, D::Error> {
        let words = Vec::<Word>::deserialize(from)?;
        let arg = |word| match word {
            Word::Text(text) => text.into(),
            Word::Bytes(bytes) => bytes,
        };
        Ok(words.into_iter().map(arg).collect())
    }

    #[cfg(test)]
    mod tests {
        use std::os::unix::ffi::OsStringExt as _;

        use super::*;

        #[derive(Serialize, Deserialize)]
        struct Line(#[serde(with = "super")] Vec<OsString>);

        #[test]
        fn every_argument_arrives_as_it_was_sent() {
            let sent = vec![OsString::from_vec(vec![b'a', 0xff]), "\n ü \u{0}".into()];
            let json = serde_json::to_string(&Line(sent.clone())).unwrap();
            assert!(json.ends_with("\"\\n ü \\u0000\"]"), "{json}");
            assert_eq!(serde_json::from_str::<Line>(&json).unwrap().0, sent);
        }
    }
}

impl Specification {
    /// The specification of a job without isolation, with or without a channel for questions.
    pub fn new(job: &Job, channel: bool) -> Self {
        Specification {
            program: job.program.clone().into(),
            args: job.args.clone(),
            env: job.env.clone(),
            cwd: job.cwd.clone().into(),
            limits: job.limits.clone(),
            access: job.access.clone(),
            channel,
            isolation: Isolation::None,
            legacy: interrupt::folders(),
            trial: None,
        }
    }

    /// The specification as it travels.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn to_bytes(&self) -> anyhow::Result<Vec<u8>> {
        let json = serde_json::to_vec(self)?;
        let length = u32::try_from(json.len())?;
        Ok([&length.to_le_bytes()[..], &json].concat())
    }
}

/// What a supervisor tells.
#[derive(Debug)]
pub(super) enum Frame {
    /// Bytes that the payload wrote on its reply pipe.
    Reply(Vec<u8>),
    /// The next piece of the file with this index among the results that were asked for.
    Result(u8, Vec<u8>),
    /// The end of the run; nothing follows.
    Ended(Ended),
    /// The supervisor could not do its work, and why; nothing follows.
    Fault(String),
}

impl Frame {
    /// Appends the frame to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Frame::Reply(bytes) => put(out, b'R', bytes),
            Frame::Result(index, bytes) => put(out, b'P', &[&[*index], bytes.as_slice()].concat()),
            Frame::Ended(ended) => {
                let json = serde_json::to_vec(ended).expect("plain data always serialises");
                put(out, b'E', &json);
            }
            Frame::Fault(text) => put(out, b'F', text.as_bytes()),
        }
    }

    /// Takes the first whole frame off `input`; `None` while it is incomplete.
    ///
    /// # Errors
    /// When the bytes are no frame.
    pub fn read(input: &mut Vec<u8>) -> anyhow::Result<Option<Frame>> {
        let Some(header) = input.get(..HEADER) else {
            return Ok(None);
        };
        let (kind, length) = (header[0], [header[1], header[2], header[3], header[4]]);
        let length = u32::from_le_bytes(length) as usize;
        anyhow::ensure!(
            length <= LONGEST,
            "a frame of {length} bytes from the supervisor"
        );
        if input.len() < HEADER + length {
            return Ok(None);
        }
        let body: Vec<u8> = input.drain(..HEADER + length).skip(HEADER).collect();
        match kind {
            b'R' => Ok(Some(Frame::Reply(body))),
            b'P' => {
                let (index, bytes) = body.split_first().context("a result without a name")?;
                Ok(Some(Frame::Result(*index, bytes.to_owned())))
            }
            b'E' => Ok(Some(Frame::Ended(serde_json::from_slice(&body)?))),
            b'F' => Ok(Some(Frame::Fault(
                String::from_utf8_lossy(&body).into_owned(),
            ))),
            other => anyhow::bail!("a frame of unknown kind {other} from the supervisor"),
        }
    }
}

fn put(out: &mut Vec<u8>, kind: u8, body: &[u8]) {
    let length = u32::try_from(body.len()).expect("frames are far below 4 GiB");
    out.push(kind);
    out.extend(length.to_le_bytes());
    out.extend(body);
}

/// Bytes as hexadecimal digits in JSON: a tenth of the work of an array of numbers.
pub(super) mod hexadecimal {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::value::{bytes_from_hex, hex_from_bytes};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex_from_bytes(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let digits = String::deserialize(deserializer)?;
        bytes_from_hex(&digits).ok_or_else(|| D::Error::custom("not hexadecimal"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_as_they_went_in_however_they_are_cut() {
        let mut bytes = Vec::new();
        Frame::Reply(b"one".to_vec()).write(&mut bytes);
        Frame::Fault("two".into()).write(&mut bytes);
        let mut input = Vec::new();
        let mut seen = Vec::new();
        for byte in bytes {
            input.push(byte);
            while let Some(frame) = Frame::read(&mut input).unwrap() {
                seen.push(format!("{frame:?}"));
            }
        }
        assert_eq!(seen, ["Reply([111, 110, 101])", "Fault(\"two\")"]);
    }

    #[test]
    fn what_is_no_frame_is_an_error() {
        for bytes in [&b"X\0\0\0\0"[..], b"R\xff\xff\xff\xff", b"E\x02\0\0\0{}"] {
            assert!(Frame::read(&mut bytes.to_vec()).is_err());
        }
    }
}
