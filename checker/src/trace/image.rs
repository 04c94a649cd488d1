//! A file with machine code: which function an address lies in, and which bytes lie there.

use std::fs;
use std::path::Path;

use clib::inspect::LARGEST;
use object::{Object as _, ObjectSegment as _, ObjectSymbol as _, SymbolKind};

/// The names and the code of one file.
#[derive(Debug)]
pub struct Image {
    /// In the order of their addresses.
    functions: Vec<Function>,
    /// The bytes of each part that is loaded, with its address.
    parts: Vec<(u64, Vec<u8>)>,
    /// Where the file begins, when the loader puts it at its own addresses.
    lowest: u64,
    /// Whether it is code for x86-64.
    x86_64: bool,
}

/// A function by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// As the file has it, without a version.
    pub name: String,
    /// Its address in the file.
    pub address: u64,
    /// Its length in bytes.
    pub size: u64,
    /// Whether other files can call it.
    pub public: bool,
}

/// The loader maps whole pages.
const PAGE: u64 = 4096;

impl Image {
    /// Reads a file; `None` when it cannot be read or is no such file: its frames stay without names then.
    pub fn read(path: &Path) -> Option<Image> {
        let about = fs::metadata(path).ok()?;
        if !about.is_file() || about.len() > LARGEST {
            return None;
        }
        Image::of(&fs::read(path).ok()?)
    }

    fn of(data: &[u8]) -> Option<Image> {
        let file = object::File::parse(data).ok()?;
        let parts: Vec<(u64, Vec<u8>)> = file
            .segments()
            .filter_map(|it| Some((it.address(), it.data().ok()?.to_vec())))
            .collect();
        let lowest = parts.iter().map(|(address, _)| *address).min()?;
        let public = file.dynamic_symbols().map(|it| (it, true));
        let all = public.chain(file.symbols().map(|it| (it, false)));
        let mut functions: Vec<Function> = all
            .filter(|(it, _)| it.kind() == SymbolKind::Text && it.is_definition())
            .filter_map(|(it, public)| {
                let name = it.name().ok()?.split('@').next()?;
                (!name.is_empty()).then(|| Function {
                    name: name.to_owned(),
                    address: it.address(),
                    size: it.size(),
                    public,
                })
            })
            .collect();
        functions.sort_by_key(|it| it.address);
        Some(Image {
            functions,
            parts,
            lowest: lowest & !(PAGE - 1),
            x86_64: file.architecture() == object::Architecture::X86_64,
        })
    }

    /// All functions that have a name, in the order of their addresses.
    pub fn functions(&self) -> &[Function] {
        &self.functions
    }

    /// Whether it is code for x86-64.
    pub fn is_x86_64(&self) -> bool {
        self.x86_64
    }

    /// The address in the file of one in memory, where the file begins at `base`.
    pub fn place(&self, address: u64, base: u64) -> u64 {
        address.wrapping_sub(base).wrapping_add(self.lowest)
    }

    /// The function that this address of the file lies in.
    pub fn function_at(&self, place: u64) -> Option<&Function> {
        let end = self.functions.partition_point(|it| it.address <= place);
        let before = self.functions[..end].iter().rev();
        // Behind a function's end lies code of others, whose names may have been removed.
        before.take(8).find(|it| place - it.address < it.size)
    }

    /// `length` bytes from this address of the file on.
    pub fn code(&self, place: u64, length: usize) -> Option<&[u8]> {
        self.parts.iter().find_map(|(address, bytes)| {
            let from = usize::try_from(place.checked_sub(*address)?).ok()?;
            bytes.get(from..from.checked_add(length)?)
        })
    }
}

#[cfg(test)]
impl Image {
    /// An image of these functions, each of 16 bytes, and of code at address 0.
    pub fn for_test(names: &[(&str, u64)], code: &[u8]) -> Image {
        let functions = names.iter().map(|(name, address)| Function {
            name: (*name).to_owned(),
            address: *address,
            size: 16,
            public: true,
        });
        Image {
            functions: functions.collect(),
            parts: vec![(0, code.to_vec())],
            lowest: 0,
            x86_64: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_belongs_to_the_function_that_it_lies_in() {
        let image = Image::for_test(&[("one", 16), ("two", 48)], &[]);
        let name = |place| image.function_at(place).map(|it| it.name.as_str());
        assert_eq!(name(15), None);
        assert_eq!([name(16), name(31)], [Some("one"); 2]);
        assert_eq!([name(32), name(64)], [None; 2], "code without a name");
        assert_eq!(name(63), Some("two"));
    }

    #[test]
    fn code_outside_of_the_file_is_none() {
        let image = Image::for_test(&[], &[1, 2, 3]);
        assert_eq!(image.code(1, 2), Some([2, 3].as_slice()));
        assert_eq!(image.code(1, 3), None);
        assert_eq!(image.code(u64::MAX, 1), None);
        assert_eq!(image.code(1, usize::MAX), None);
    }

    #[test]
    fn this_very_program_has_names_and_code() {
        let image = Image::read(&std::env::current_exe().unwrap()).unwrap();
        let main = image
            .functions()
            .iter()
            .find(|it| it.name == "main")
            .unwrap();
        assert_eq!(
            image.function_at(main.address).map(|it| it.name.as_str()),
            Some("main")
        );
        assert!(image.code(main.address, 4).is_some());
        assert!(Image::read(Path::new("/dev/null")).is_none());
        assert!(Image::read(Path::new("/no/such/file")).is_none());
    }

    proptest! {
        #[test]
        fn noise_is_no_image(noise in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
            elf.extend(&noise);
            let _ = Image::of(&elf);
            prop_assert!(Image::of(&noise).is_none());
        }
    }
}
