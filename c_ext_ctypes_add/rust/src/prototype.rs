//! Parameter flags: named parameters, defaults, and output parameters of a prototype.

use crate::cdata;
use crate::info::{Info, Kind};
use crate::py::{self, Exc, Obj, Res, name, raise};

const IN: isize = 1;
const OUT: isize = 2;
const LOCALE: isize = 4;

/// One entry of the parameter flags.
struct Parameter<'a> {
    flag: isize,
    name: Option<&'a Obj>,
    default: Option<&'a Obj>,
}

impl Parameter<'_> {
    fn read(entry: &Obj) -> Res<Parameter<'_>> {
        const SHAPE: &str = "paramflags must be a sequence of (int [,string [,value]]) tuples";
        let (flag, name, default) = match if entry.is_tuple() { entry.items() } else { &[] } {
            [flag] => (flag, None, None),
            [flag, name] => (flag, Some(name), None),
            [flag, name, default] => (flag, Some(name), Some(default)),
            _ => return Err(raise(Exc::Type, SHAPE)),
        };
        let name = name.filter(|name| !name.is_none());
        if !flag.is_int() || name.is_some_and(|name| !name.is_str()) {
            return Err(raise(Exc::Type, SHAPE));
        }
        let flag = flag.to_isize()? & (IN | OUT | LOCALE);
        Ok(Parameter {
            flag,
            name,
            default,
        })
    }
}

/// Holds the flags against the argument types.
pub(crate) fn check(argtypes: &Obj, flags: &Obj) -> Res<()> {
    if !flags.is_tuple() {
        return Err(raise(Exc::Type, "paramflags must be a tuple or None"));
    }
    if flags.items().len() != argtypes.items().len() {
        return Err(raise(
            Exc::Value,
            "paramflags must have the same length as argtypes",
        ));
    }
    for (index, (entry, ty)) in flags.items().iter().zip(argtypes.items()).enumerate() {
        let parameter = Parameter::read(entry)?;
        match parameter.flag {
            0 | IN => {}
            flag if flag == IN | LOCALE || flag == IN | OUT => {}
            OUT => check_output(ty, index + 1)?,
            flag => {
                return Err(raise(
                    Exc::Type,
                    format!("paramflag value {flag} not supported"),
                ));
            }
        }
    }
    Ok(())
}

/// What C writes through must be a pointer.
fn check_output(ty: &Obj, position: usize) -> Res<()> {
    let fits = match cdata::kind_of(ty) {
        Some(Kind::Pointer | Kind::Array) => true,
        Some(Kind::Simple) => Info::of_type(ty)
            .and_then(|info| info.access)
            .is_some_and(|access| b"PzZ".contains(&access.code)),
        _ => false,
    };
    if fits {
        return Ok(());
    }
    let name = if ty.is_type() {
        py::type_name(ty.ptr().cast())
    } else {
        ty.type_name()
    };
    Err(raise(
        Exc::Type,
        format!("'out' parameter {position} must be a pointer type, not {name}"),
    ))
}

/// The full list of arguments, and which of them come back.
pub(crate) struct Arranged {
    pub(crate) arguments: Vec<Obj>,
    /// Positions of results, and whether the caller provided them.
    outputs: Vec<(usize, bool)>,
}

/// Fills the parameters from positions, names and defaults; makes the output parameters.
pub(crate) fn arrange(
    argtypes: &Obj,
    flags: &Obj,
    given: &[Obj],
    keywords: Option<(&Obj, &[Obj])>,
) -> Res<Arranged> {
    let mut arranged = Arranged {
        arguments: Vec::new(),
        outputs: Vec::new(),
    };
    let mut source = Source {
        given,
        keywords,
        used: 0,
    };
    for (index, (entry, ty)) in flags.items().iter().zip(argtypes.items()).enumerate() {
        let parameter = Parameter::read(entry)?;
        let value = match parameter.flag {
            OUT => {
                arranged.outputs.push((index, false));
                match parameter.default {
                    Some(default) => default.clone(),
                    None => output_for(ty)?,
                }
            }
            flag if flag == IN | LOCALE => match parameter.default {
                Some(default) => default.clone(),
                None => py::int(0)?,
            },
            flag => {
                if flag == IN | OUT {
                    arranged.outputs.push((index, true));
                }
                source.take(&parameter)?
            }
        };
        arranged.arguments.push(value);
    }
    let all = given.len() + keywords.map_or(0, |(_, values)| values.len());
    if all != source.used {
        let used = source.used;
        return Err(raise(
            Exc::Type,
            format!("call takes exactly {used} arguments ({all} given)"),
        ));
    }
    Ok(arranged)
}

/// The arguments of a call, used up one after the other.
struct Source<'a> {
    given: &'a [Obj],
    keywords: Option<(&'a Obj, &'a [Obj])>,
    used: usize,
}

impl Source<'_> {
    fn take(&mut self, parameter: &Parameter<'_>) -> Res<Obj> {
        if let Some(value) = self.given.get(self.used) {
            self.used += 1;
            return Ok(value.clone());
        }
        if let (Some(name), Some((names, values))) = (parameter.name, self.keywords) {
            for (candidate, value) in names.items().iter().zip(values) {
                if candidate.as_str()? == name.as_str()? {
                    self.used += 1;
                    return Ok(value.clone());
                }
            }
        }
        if let Some(default) = parameter.default {
            return Ok(default.clone());
        }
        match parameter.name {
            Some(name) => Err(raise(
                Exc::Type,
                format!("required argument '{}' missing", name.as_str()?),
            )),
            None => Err(raise(Exc::Type, "not enough arguments")),
        }
    }
}

/// A fresh object for C to write to: the array itself, or what the pointer points to.
fn output_for(ty: &Obj) -> Res<Obj> {
    let info = cdata::concrete(ty)?;
    match (info.kind, &info.proto) {
        (Kind::Array, _) => ty.call_none(),
        (Kind::Pointer, Some(target)) => target.call_none(),
        _ => {
            let name = py::type_name(ty.ptr().cast());
            Err(raise(
                Exc::Type,
                format!("{name} 'out' parameter must be passed as default value"),
            ))
        }
    }
}

impl Arranged {
    /// The call's result, or the output parameters in its place.
    pub(crate) fn collect(self, result: Obj) -> Res<Obj> {
        let values = self
            .outputs
            .iter()
            .map(|(index, provided)| {
                let value = &self.arguments[*index];
                if *provided {
                    return Ok(value.clone());
                }
                value
                    .getattr(name!(c"__ctypes_from_outparam__"))?
                    .call_none()
            })
            .collect::<Res<Vec<_>>>()?;
        match values.as_slice() {
            [] => Ok(result),
            [only] => Ok(only.clone()),
            many => py::tuple(&many.iter().collect::<Vec<_>>()),
        }
    }
}
