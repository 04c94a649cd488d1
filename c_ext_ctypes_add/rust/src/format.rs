//! The formats by which the buffer protocol describes records.

use std::ffi::CString;

use crate::info::Info;
use crate::py::{Exc, Obj, Res, raise};

/// The format of the buffer protocol, member by member.
pub(crate) struct Format {
    text: Vec<u8>,
    described: bool,
}

impl Format {
    pub(crate) fn new(described: bool) -> Format {
        Format {
            text: b"T{".to_vec(),
            described,
        }
    }

    /// Describes the next member, which lies `offset - before` bytes behind the one before it.
    pub(crate) fn member(
        &mut self,
        name: &Obj,
        info: &Info,
        offset: usize,
        before: usize,
    ) -> Res<()> {
        if !self.described {
            return Ok(());
        }
        self.pad(offset.saturating_sub(before));
        let shape: Vec<String> = info.shape.iter().map(ToString::to_string).collect();
        if !shape.is_empty() {
            self.text
                .extend(format!("({})", shape.join(",")).as_bytes());
        }
        self.text.extend(info.format.as_bytes());
        self.text.extend(format!(":{}:", name.as_str()?).as_bytes());
        Ok(())
    }

    /// Padding is described since Python 3.12.
    fn pad(&mut self, bytes: usize) {
        match if cfg!(Py_3_12) { bytes } else { 0 } {
            0 => {}
            1 => self.text.push(b'x'),
            more => self.text.extend(format!("{more}x").as_bytes()),
        }
    }

    /// Ends the description of members that fill `used` of `size` bytes.
    pub(crate) fn finish(mut self, used: usize, size: usize) -> Res<CString> {
        if !self.described {
            return Ok(c"B".to_owned());
        }
        self.pad(size.saturating_sub(used));
        self.text.push(b'}');
        CString::new(self.text).map_err(|_| raise(Exc::Value, "embedded null character"))
    }
}
