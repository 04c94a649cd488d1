//! Ratios as bars for a terminal. The figures stand before the bars, so whoever hears the text misses nothing.

use std::io::IsTerminal as _;

use anstyle::{AnsiColor, Style};

use super::table::{self, number};
use super::{BASE, Gil, Report, lesson};
use crate::inspect::page::Page;
use crate::output;
use crate::variant::{Backend, Bridge, Variant};

/// The bars of one operation.
#[derive(Clone, Debug)]
pub struct Group {
    /// The operation, and what happens to the GIL.
    pub title: String,
    /// What a ratio of 1 stands for, for example `41.2 ns`.
    pub base: String,
    /// The ratio of each variant that has one.
    pub ratios: Vec<(Variant, f64)>,
}

/// What bars are drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// None: the figures say it all, for whoever hears them.
    Nothing,
    /// Characters that every terminal, and every file, can show.
    Plain,
    /// Blocks of an eighth of a column, in colour where colour is wanted.
    Blocks,
}

/// Columns before the bar: an indent, the name of a variant, and its figure.
const NAME: usize = 13;
const FIGURE: usize = 7;

/// The eighths of a column, from one to seven.
const EIGHTHS: [char; 7] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];

impl Ink {
    /// For standard output: blocks on a terminal whose language settings promise that it can show them.
    pub fn for_output() -> Ink {
        if output::is_plain() {
            return Ink::Nothing;
        }
        let set = |name: &str| std::env::var(name).ok().filter(|it| !it.is_empty());
        let language = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
        let terminal = std::io::stdout().is_terminal();
        Ink::of(terminal, set("TERM").as_deref(), language.as_deref())
    }

    fn of(terminal: bool, kind: Option<&str>, language: Option<&str>) -> Ink {
        let smart = kind.is_some_and(|it| it != "dumb");
        let utf8 = language.is_some_and(|it| {
            let it = it.to_ascii_lowercase();
            it.contains("utf-8") || it.contains("utf8")
        });
        match terminal && smart && utf8 {
            true => Ink::Blocks,
            false => Ink::Plain,
        }
    }

    /// A bar that takes this share of `room` columns; what is more than nothing can be seen.
    fn bar(self, share: f64, room: usize) -> String {
        let eighths = (share.clamp(0.0, 1.0) * 8.0 * room as f64).round() as usize;
        let least = usize::from(share > 0.0);
        match self {
            Ink::Nothing => String::new(),
            Ink::Plain => "#".repeat(((eighths + 4) / 8).max(least)),
            Ink::Blocks => {
                let eighths = eighths.max(least);
                let part = (eighths % 8).checked_sub(1).map(|it| EIGHTHS[it]);
                "█".repeat(eighths / 8).chars().chain(part).collect()
            }
        }
    }
}

impl Group {
    /// The operations of a report, each with the GIL released and held where both were measured.
    pub fn of_report(report: &Report) -> Vec<Group> {
        table::lines(report)
            .into_iter()
            .filter_map(|(row, gil)| {
                let cells = report.cells.iter();
                let own = cells.filter(|it| (it.row.name, it.gil) == (row.name, gil));
                let ratios: Vec<_> = own.filter_map(|it| Some((it.variant, it.ratio?))).collect();
                let base = report.cell(row.name, BASE, gil.map(|_| Gil::Held))?;
                let gil = gil.map_or(String::new(), |it| format!(", GIL {}", it.name()));
                (!ratios.is_empty()).then(|| Group {
                    title: format!("{}{gil}", row.title),
                    base: format!("{} {}", number(base.value), report.unit.short()),
                    ratios,
                })
            })
            .collect()
    }

    /// The calls of a lesson.
    pub fn of_lesson(table: &lesson::Table) -> Vec<Group> {
        let rows = table.rows.iter();
        rows.filter_map(|row| {
            let ratio = |variant| Some((variant, row.ratio(variant)?));
            Some(Group {
                title: row.function.clone(),
                base: format!("{} {}", number(row.base()?), table.unit.short()),
                ratios: Variant::all().filter_map(ratio).collect(),
            })
        })
        .collect()
    }
}

/// All groups, for a page of this width. Each has a scale of its own, which its largest ratio fills.
pub fn draw(groups: &[Group], width: usize, ink: Ink) -> String {
    let mut page = Page::new(width);
    page.words(
        0,
        "Ratios as bars, the fewer the better. Each operation has a scale of its own.",
    );
    for group in groups {
        page.gap();
        page.words(0, &format!("{}; 1.00 is {}", group.title, group.base));
        lines(&mut page, group, ink);
    }
    page.finish()
}

fn lines(page: &mut Page, group: &Group, ink: Ink) {
    let most = group.ratios.iter().map(|(_, it)| *it).fold(0.0, f64::max);
    let room = page.width().saturating_sub(2 + NAME + FIGURE + 1);
    for (variant, ratio) in &group.ratios {
        let share = if most > 0.0 { ratio / most } else { 0.0 };
        let bar = ink.bar(share, room);
        let colour = match ink {
            Ink::Nothing | Ink::Plain => Style::new(),
            Ink::Blocks => colour(*variant),
        };
        let name = variant.to_string();
        let figure = number(*ratio);
        let bar = match bar.as_str() {
            "" => String::new(),
            bar => format!(" {colour}{bar}{colour:#}"),
        };
        page.line(&format!("  {name:NAME$}{figure:>FIGURE$}{bar}"));
    }
}

/// A colour for each bridge; stock is dimmed. The name beside the bar says the same.
fn colour(variant: Variant) -> Style {
    let colour = match variant.bridge {
        Bridge::Ctypes => AnsiColor::Blue,
        Bridge::Abi => AnsiColor::Green,
        Bridge::Api => AnsiColor::Yellow,
        Bridge::Ext => AnsiColor::Magenta,
    };
    let style = Style::new().fg_color(Some(colour.into()));
    match variant.backend {
        Backend::Stock => style.dimmed(),
        Backend::Rust => style,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups() -> Vec<Group> {
        let variant = |text: &str| text.parse().unwrap();
        vec![
            Group {
                title: "add(int, int), GIL released".to_owned(),
                base: "41.2 ns".to_owned(),
                ratios: vec![
                    (variant("ctypes/stock"), 16.4),
                    (variant("ctypes/rust"), 2.05),
                    (variant("ext/stock"), 1.0),
                    (variant("ext/rust"), 0.02),
                ],
            },
            Group {
                title: "first_call".to_owned(),
                base: "1 ns".to_owned(),
                ratios: vec![(variant("abi/stock"), 0.0)],
            },
        ]
    }

    #[test]
    fn a_file_gets_characters_that_everything_can_show() {
        assert_eq!(
            draw(&groups(), 55, Ink::Plain),
            "\
Ratios as bars, the fewer the better. Each operation
  has a scale of its own.

add(int, int), GIL released; 1.00 is 41.2 ns
  ctypes/stock    16.4 ################################
  ctypes/rust     2.05 ####
  ext/stock       1.00 ##
  ext/rust        0.02 #

first_call; 1.00 is 1 ns
  abi/stock       0.00
"
        );
    }

    #[test]
    fn forty_columns_are_enough_for_every_line() {
        for ink in [Ink::Nothing, Ink::Plain, Ink::Blocks] {
            let text = anstream::adapter::strip_str(&draw(&groups(), 40, ink)).to_string();
            assert!(
                text.lines().all(|line| line.chars().count() <= 40),
                "{text}"
            );
            assert!(text.contains("ctypes/stock    16.4"), "{text}");
            assert_eq!(text.contains('#'), ink == Ink::Plain, "{text}");
        }
    }

    #[test]
    fn a_terminal_gets_blocks_of_an_eighth_in_the_colour_of_the_bridge() {
        let text = draw(&groups(), 55, Ink::Blocks);
        assert!(text.contains("\u{1b}["), "{text}");
        let plain = anstream::adapter::strip_str(&text).to_string();
        assert!(
            plain.contains(&format!("ctypes/stock    16.4 {}\n", "█".repeat(32))),
            "{plain}"
        );
        assert!(plain.contains("ctypes/rust     2.05 ████\n"), "{plain}");
        assert!(plain.contains("ext/stock       1.00 ██\n"), "{plain}");
        assert!(plain.contains("ext/rust        0.02 ▏\n"), "{plain}");
        assert!(plain.contains("abi/stock       0.00\n"), "{plain}");
    }

    #[test]
    fn blocks_are_for_terminals_that_say_they_know_them() {
        let utf8 = Some("de_DE.UTF-8");
        assert_eq!(Ink::of(true, Some("xterm"), utf8), Ink::Blocks);
        assert_eq!(Ink::of(true, Some("xterm"), Some("C.utf8")), Ink::Blocks);
        for (terminal, kind, language) in [
            (false, Some("xterm"), utf8),
            (true, Some("dumb"), utf8),
            (true, None, utf8),
            (true, Some("xterm"), Some("C")),
            (true, Some("xterm"), None),
        ] {
            assert_eq!(Ink::of(terminal, kind, language), Ink::Plain);
        }
    }
}
