//! The proof that C was called: the judge builds the lesson's C library with a secret number in its results.
//!
//! A bridge that passes the results of C on follows the number; one that computes them by itself does not. The solution,
//! asked the same with the same library, says what is to be expected.

use std::fs;
use std::path::Path;

use super::inputs::Files;
use crate::build::store::write_atomically;
use crate::errors::ExpectedError;

/// The number that is kept in this file, drawn at random when there is none. No box has the file in it.
///
/// # Errors
/// When it cannot be written.
pub fn kept(path: &Path) -> Result<u32, ExpectedError> {
    if let Some(salt) = fs::read_to_string(path)
        .ok()
        .and_then(|text| text.parse().ok())
    {
        return Ok(salt);
    }
    let salt: u32 = rand::random_range(1_000..1_000_000);
    write_atomically(path, salt.to_string().as_bytes())
        .map_err(|cause| ExpectedError::cache(path, cause))?;
    Ok(salt)
}

/// Makes the next number another one.
///
/// # Errors
/// When the file is there and cannot be removed.
pub fn forget(path: &Path) -> Result<(), ExpectedError> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
            Err(ExpectedError::cache(path, cause))
        }
        _ => Ok(()),
    }
}

/// The C library with `salt` added to what these functions return, each given by its C declaration, for example
/// `int add(int a, int b)`. Interface and file names stay. What the library calls itself is not salted.
///
/// # Errors
/// In words, for a declaration that is not understood or that no file defines.
pub fn salted(clib: &Files, declarations: &[String], salt: u32) -> Result<Files, String> {
    let mut files = clib.clone();
    for declaration in declarations {
        let function = Function::parse(declaration)?;
        let name = files
            .c_files()
            .find(|name| defines(files.get(name).unwrap_or_default(), declaration))
            .ok_or_else(|| format!("no file of clib/ defines `{declaration}`"))?
            .to_owned();
        let text = String::from_utf8_lossy(files.get(&name).unwrap_or_default()).into_owned();
        files.set(&name, function.wrapped(&text, &name, salt).into_bytes());
    }
    Ok(files)
}

fn defines(source: &[u8], declaration: &str) -> bool {
    let text = String::from_utf8_lossy(source);
    text.find(declaration)
        .is_some_and(|at| text[at + declaration.len()..].trim_start().starts_with('{'))
}

struct Function<'a> {
    declaration: &'a str,
    result: &'a str,
    name: &'a str,
    arguments: Vec<&'a str>,
}

impl<'a> Function<'a> {
    fn parse(declaration: &'a str) -> Result<Function<'a>, String> {
        let refuse = || format!("`{declaration}` is no function that returns a number");
        let (head, rest) = declaration.split_once('(').ok_or_else(refuse)?;
        let list = rest.strip_suffix(')').ok_or_else(refuse)?;
        let (result, name) = head.trim().rsplit_once(' ').ok_or_else(refuse)?;
        if result.contains('*') || name.starts_with('*') || result == "void" {
            return Err(refuse());
        }
        let arguments = match list.trim() {
            "void" => Vec::new(),
            list => list.split(',').map(last_word).collect(),
        };
        Ok(Function {
            declaration,
            result,
            name,
            arguments,
        })
    }

    /// The file with the function under another name, and one of its own name that calls it.
    fn wrapped(&self, text: &str, file: &str, salt: u32) -> String {
        let Function {
            declaration,
            result,
            name,
            ..
        } = self;
        let call = format!("{name}_unsalted({})", self.arguments.join(", "));
        let sum = match *result {
            "float" | "double" => format!("{call} + {salt}"),
            // Unsigned, because it wraps around where signed arithmetic is undefined.
            _ => format!("({result})((unsigned long long){call} + {salt}u)"),
        };
        format!(
            "#define {name} {name}_unsalted\n#line 1 \"{file}\"\n{text}\n#undef {name}\n\
             {declaration};\n{declaration}\n{{\n    return {sum};\n}}\n"
        )
    }
}

fn last_word(parameter: &str) -> &str {
    parameter
        .rsplit(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .find(|word| !word.is_empty())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library(text: &str) -> Files {
        let mut files = Files::default();
        files.set("lib.c", text.as_bytes().to_vec());
        files
    }

    #[test]
    fn a_function_gets_a_wrapper_of_its_name() {
        let files = library("int64_t steps(const tile *from, int to)\n{ return to; }\n");
        let declaration = ["int64_t steps(const tile *from, int to)".to_owned()];
        let salted = salted(&files, &declaration, 7).unwrap();
        let text = String::from_utf8_lossy(salted.get("lib.c").unwrap()).into_owned();
        assert!(text.starts_with("#define steps steps_unsalted\n"), "{text}");
        let sum = "return (int64_t)((unsigned long long)steps_unsalted(from, to) + 7u);";
        assert!(text.contains(sum), "{text}");
    }

    #[test]
    fn what_is_no_number_or_not_there_is_refused() {
        let files = library("int one(void)\n{ return 1; }\n");
        for declaration in [
            "int two(void)",
            "const char *one(void)",
            "one(void)",
            "int one",
        ] {
            assert!(
                salted(&files, &[declaration.to_owned()], 7).is_err(),
                "{declaration}"
            );
        }
    }
}
