//! Bridges, backends and the eight variants that they span.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One of the four ways in which Python calls C.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, clap::ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Bridge {
    /// The `ctypes` package of the standard library.
    Ctypes,
    /// CFFI in ABI mode: `cdef` and `dlopen`.
    Abi,
    /// CFFI in API mode: `cdef`, `set_source` and a C compiler.
    Api,
    /// An extension module written by hand.
    Ext,
}

/// Who implements a bridge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, clap::ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// CPython's ctypes, the cffi package, an extension in C.
    Stock,
    /// The engines of this repository, an extension in Rust.
    Rust,
}

impl Bridge {
    /// All bridges, in the order of the course.
    pub const ALL: [Bridge; 4] = [Bridge::Ctypes, Bridge::Abi, Bridge::Api, Bridge::Ext];

    /// The name that a user types and reads.
    pub fn name(self) -> &'static str {
        match self {
            Bridge::Ctypes => "ctypes",
            Bridge::Abi => "abi",
            Bridge::Api => "api",
            Bridge::Ext => "ext",
        }
    }
}

impl Backend {
    /// Both backends, stock first.
    pub const ALL: [Backend; 2] = [Backend::Stock, Backend::Rust];

    /// The name that a user types and reads.
    pub fn name(self) -> &'static str {
        match self {
            Backend::Stock => "stock",
            Backend::Rust => "rust",
        }
    }
}

/// A bridge in one backend, written `ctypes/rust` (in file names `ctypes-rust`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Variant {
    /// Which bridge.
    pub bridge: Bridge,
    /// Who implements it.
    pub backend: Backend,
}

impl Variant {
    /// All eight, bridge by bridge, stock before rust.
    pub fn all() -> impl Iterator<Item = Variant> {
        Bridge::ALL.into_iter().flat_map(|bridge| {
            Backend::ALL
                .into_iter()
                .map(move |backend| Variant { bridge, backend })
        })
    }

    /// The form for file names and test ids: `ctypes-rust`.
    pub fn slug(self) -> String {
        format!("{}-{}", self.bridge.name(), self.backend.name())
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.bridge.name(), self.backend.name())
    }
}

impl FromStr for Variant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let pattern: VariantPattern = text.parse()?;
        match (pattern.bridge, pattern.backend) {
            (Some(bridge), Some(backend)) => Ok(Variant { bridge, backend }),
            _ => Err(format!(
                "`{text}` names more than one variant; name one, such as ctypes/stock"
            )),
        }
    }
}

/// Names variants: `*`, `ctypes/*`, `*/rust` or `ctypes/stock`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VariantPattern {
    bridge: Option<Bridge>,
    backend: Option<Backend>,
}

impl VariantPattern {
    /// The pattern that names all eight.
    pub const ANY: VariantPattern = VariantPattern {
        bridge: None,
        backend: None,
    };

    /// Whether the pattern names this variant.
    pub fn matches(&self, variant: Variant) -> bool {
        self.bridge.is_none_or(|bridge| bridge == variant.bridge)
            && self
                .backend
                .is_none_or(|backend| backend == variant.backend)
    }
}

impl FromStr for VariantPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "*" {
            return Ok(VariantPattern::ANY);
        }
        let refused = || {
            format!(
                "`{text}` names no variant: write BRIDGE/BACKEND with bridge ctypes, abi, api, ext or *, \
                 and backend stock, rust or *"
            )
        };
        let (bridge, backend) = text.split_once('/').ok_or_else(refused)?;
        let bridge = match bridge {
            "*" => None,
            name => Some(
                Bridge::ALL
                    .into_iter()
                    .find(|b| b.name() == name)
                    .ok_or_else(refused)?,
            ),
        };
        let backend = match backend {
            "*" => None,
            name => Some(
                Backend::ALL
                    .into_iter()
                    .find(|b| b.name() == name)
                    .ok_or_else(refused)?,
            ),
        };
        Ok(VariantPattern { bridge, backend })
    }
}

impl<'de> Deserialize<'de> for VariantPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Variant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_variants_in_the_order_of_the_course() {
        let names: Vec<String> = Variant::all().map(|v| v.to_string()).collect();
        assert_eq!(
            names.join(" "),
            "ctypes/stock ctypes/rust abi/stock abi/rust api/stock api/rust ext/stock ext/rust"
        );
    }

    #[test]
    fn patterns_name_what_they_say() {
        let count = |text: &str| {
            let pattern: VariantPattern = text.parse().unwrap();
            Variant::all().filter(|v| pattern.matches(*v)).count()
        };
        assert_eq!(
            [
                count("*"),
                count("abi/*"),
                count("*/rust"),
                count("ext/stock")
            ],
            [8, 2, 4, 1]
        );
        assert!(
            "abi"
                .parse::<VariantPattern>()
                .unwrap_err()
                .contains("BRIDGE/BACKEND")
        );
    }
}
