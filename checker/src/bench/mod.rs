//! What a call costs through each bridge and backend, on this machine.
//!
//! Time alone says little on a busy machine, so all variants take turns in one process and every figure is a ratio: to a
//! C METH_FASTCALL function that does the same and holds the GIL. `--instructions` counts instead, and is exact.

pub mod bars;
mod count;
mod document;
pub mod lesson;
pub mod machine;
mod parts;
mod program;
mod rows;
mod svg;
mod table;

use std::path::Path;
use std::sync::Mutex;

use anyhow::Context as _;
use serde::Serialize;

use crate::build::tools::Tools;
use crate::variant::{Backend, Bridge, Variant};
use machine::Machine;
use parts::Parts;
use program::{Answer, Failed, Request, Sizes};
use rows::{FIRST_CALL, GOALS, Goal, ROWS, Row};

pub use document::document;
pub use rows::Gil;
pub use svg::chart;
pub use table::{COLUMNS as TABLE_COLUMNS, text};

/// Every ratio is to this variant, which holds the GIL where a C function is called.
pub const BASE: Variant = Variant {
    bridge: Bridge::Ext,
    backend: Backend::Stock,
};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Nanoseconds of thread CPU time.
    Nanoseconds,
    /// Instructions.
    Instructions,
}

impl Unit {
    /// As tables abbreviate it.
    pub fn short(self) -> &'static str {
        match self {
            Unit::Nanoseconds => "ns",
            Unit::Instructions => "ins",
        }
    }

    /// A ratio above this one is more than measuring again would change.
    fn tolerance(self) -> f64 {
        match self {
            Unit::Nanoseconds => 1.1,
            Unit::Instructions => 1.01,
        }
    }
}

/// What to measure.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The names of rows; none for all.
    pub only: Vec<String>,
    /// Nanoseconds or instructions.
    pub unit: Unit,
    /// How often each cell is timed.
    pub rounds: u32,
    /// As little work as possible: for tests, whose figures mean nothing.
    pub tiny: bool,
}

/// One figure.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The row.
    pub row: &'static Row,
    /// Through which bridge and backend.
    pub variant: Variant,
    /// What happens to the GIL; none where no C function is called.
    pub gil: Option<Gil>,
    /// In the unit of the report.
    pub value: f64,
    /// To the base in the same process.
    pub ratio: Option<f64>,
}

/// All figures, and what they were measured on.
#[derive(Debug)]
pub struct Report {
    /// The machine.
    pub machine: Machine,
    /// What is measured.
    pub unit: Unit,
    /// The figures, row by row.
    pub cells: Vec<Cell>,
    /// What a variant could not do.
    pub failures: Vec<Failed>,
    /// Rows that were left out, with the reason.
    pub skipped: Vec<(&'static Row, String)>,
}

/// A goal, and what was measured.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// The goal.
    pub goal: Goal,
    /// The ratio that was measured.
    pub measured: f64,
}

impl Outcome {
    /// Whether the goal is reached.
    pub fn met(&self) -> bool {
        self.measured <= self.goal.most
    }
}

impl Report {
    /// Builds everything, refuses an engine that is not optimised, and measures.
    ///
    /// # Errors
    /// When something does not build or run, when an engine is not optimised, or when valgrind is missing.
    pub fn measure(tools: &Tools, wanted: &Wanted) -> anyhow::Result<Report> {
        let rows = chosen(&wanted.only);
        let valgrind = match wanted.unit {
            Unit::Instructions => Some(count::valgrind()?),
            Unit::Nanoseconds => None,
        };
        let parts = Parts::build(tools)?;
        let interpreter = &tools.venv()?.python;
        let machine = Machine::ask(tools, &parts, interpreter)?;
        machine.require_optimised()?;
        let (rows, skipped) = possible(rows, &machine);
        let bench = Bench {
            tools,
            parts: &parts,
            interpreter,
            wanted,
            rows: &rows,
        };
        let mut measured = match &valgrind {
            Some(valgrind) => bench.count(valgrind)?,
            None => bench.time()?,
        };
        let place = |row: &str| ROWS.iter().position(|it| it.name == row);
        measured.cells.sort_by_key(|cell| {
            (
                place(cell.row.name),
                cell.gil == Some(Gil::Held),
                cell.variant,
            )
        });
        measured
            .failures
            .sort_by_key(|failed| (place(&failed.row), failed.variant.clone()));
        Ok(Report {
            machine,
            unit: wanted.unit,
            cells: measured.cells,
            failures: measured.failures,
            skipped,
        })
    }

    /// The figure of a cell.
    pub fn cell(&self, row: &str, variant: Variant, gil: Option<Gil>) -> Option<&Cell> {
        self.cells
            .iter()
            .find(|cell| cell.row.name == row && cell.variant == variant && cell.gil == gil)
    }

    /// The cost of one cell as a multiple of another's.
    fn quotient(&self, row: &str, gil: Option<Gil>, of: Variant, versus: Variant) -> Option<f64> {
        let (of, versus) = (self.cell(row, of, gil)?, self.cell(row, versus, gil)?);
        // The two may come from two processes, each with a base of its own.
        match (of.ratio, versus.ratio) {
            (Some(of), Some(versus)) if versus > 0.0 => Some(of / versus),
            _ => None,
        }
    }

    /// The goals whose rows were measured.
    pub fn outcomes(&self) -> Vec<Outcome> {
        GOALS
            .iter()
            .filter_map(|goal| {
                let measured = match goal.versus {
                    Some(versus) => self.quotient(goal.row, goal.gil, goal.of, versus)?,
                    None => self.cell(goal.row, goal.of, goal.gil)?.ratio?,
                };
                Some(Outcome {
                    goal: *goal,
                    measured,
                })
            })
            .collect()
    }

    /// Where ours costs more than stock: the cell, and by which factor.
    pub fn slower(&self) -> Vec<(&Cell, f64)> {
        self.cells
            .iter()
            .filter(|cell| cell.variant.backend == Backend::Rust && !cell.row.macros)
            .filter_map(|cell| {
                let stock = Variant {
                    backend: Backend::Stock,
                    ..cell.variant
                };
                let factor = self.quotient(cell.row.name, cell.gil, cell.variant, stock)?;
                (factor > self.unit.tolerance()).then_some((cell, factor))
            })
            .collect()
    }
}

/// The names of all rows, for `--only`.
pub fn row_names() -> [&'static str; ROWS.len()] {
    ROWS.map(|row| row.name)
}

/// The rows with these names, or all.
fn chosen(only: &[String]) -> Vec<&'static Row> {
    ROWS.iter()
        .filter(|row| only.is_empty() || only.iter().any(|name| name == row.name))
        .collect()
}

/// Takes out what this machine cannot do, with the reason.
fn possible(
    rows: Vec<&'static Row>,
    machine: &Machine,
) -> (Vec<&'static Row>, Vec<(&'static Row, String)>) {
    let (out, rows): (Vec<_>, Vec<_>) = rows
        .into_iter()
        .partition(|row| row.numpy && machine.numpy.is_none());
    let why = "NumPy is not installed: `checker setup --with numpy`";
    (
        rows,
        out.into_iter().map(|row| (row, why.to_owned())).collect(),
    )
}

/// Figures and failures of one or more processes.
#[derive(Debug, Default)]
struct Measured {
    cells: Vec<Cell>,
    failures: Vec<Failed>,
}

struct Bench<'a> {
    tools: &'a Tools,
    parts: &'a Parts,
    interpreter: &'a Path,
    wanted: &'a Wanted,
    rows: &'a [&'static Row],
}

impl Bench<'_> {
    fn sizes(&self) -> Sizes {
        match (self.wanted.tiny, self.wanted.unit) {
            (false, Unit::Nanoseconds) => Sizes::FULL,
            _ => Sizes::SMALL,
        }
    }

    /// The rows that are measured in a loop, with the calls of one loop.
    fn loops(&self) -> Vec<(&'static Row, u32)> {
        let share = match (self.wanted.tiny, self.wanted.unit) {
            (true, _) => 100,
            (false, Unit::Nanoseconds) => 1,
            (false, Unit::Instructions) => 10,
        };
        self.rows
            .iter()
            .filter(|row| row.name != FIRST_CALL)
            .map(|row| (*row, calls(row.calls, share)))
            .collect()
    }

    fn request(&self, variants: Vec<Variant>) -> Request {
        Request {
            what: match self.wanted.unit {
                Unit::Nanoseconds => "time",
                Unit::Instructions => "count",
            },
            rows: self.loops(),
            variants,
            sizes: self.sizes(),
            rounds: self.wanted.rounds,
            install: false,
        }
    }

    /// The rows that need rust_ctypes in the place of ctypes: NumPy converts through what is called so.
    fn installed(&self, variants: Vec<Variant>) -> Option<Request> {
        let mut request = self.request(variants);
        request
            .rows
            .retain(|(row, _)| matches!(row.name, "numpy" | "numpy_checked"));
        request.install = true;
        (!request.rows.is_empty()).then_some(request)
    }

    /// All variants in turn, in one process.
    fn time(&self) -> anyhow::Result<Measured> {
        let mut measured = Measured::default();
        let ours = Variant {
            bridge: Bridge::Ctypes,
            backend: Backend::Rust,
        };
        let requests = [
            Some(self.request(Variant::all().collect())),
            self.installed(vec![BASE, ours]),
        ];
        for request in requests.into_iter().flatten() {
            if request.rows.is_empty() {
                continue;
            }
            let _step = self.tools.progress.step("measuring times");
            let program = program::measure(self.parts);
            let said = program::run(self.interpreter, &program, &request.document(self.parts))?;
            let answer: Answer = serde_json::from_str(&said).context("reading the figures")?;
            measured.add(&request, answer, None);
        }
        self.first_calls(&mut measured, |bench, variant| bench.first_call(variant))?;
        Ok(measured)
    }

    /// Each variant in a process of its own, which imports nothing for the others.
    fn count(&self, valgrind: &Path) -> anyhow::Result<Measured> {
        let mut requests: Vec<Request> = Variant::all()
            .map(|variant| self.request(vec![variant]))
            .collect();
        requests.extend(self.installed(vec![Variant {
            bridge: Bridge::Ctypes,
            backend: Backend::Rust,
        }]));
        requests.retain(|request| !request.rows.is_empty());
        let _step = self.tools.progress.step("counting instructions");
        let measured = Mutex::new(Measured::default());
        self.in_parallel(requests, |request| {
            let (answer, counts) = self.counted(valgrind, &request)?;
            let mut measured = measured.lock().expect("no thread panics with the lock");
            measured.add(&request, answer, Some(&counts));
            Ok(())
        })?;
        let mut measured = measured
            .into_inner()
            .expect("no thread panics with the lock");
        // Only now the figures of the base's own process are there.
        relate(&mut measured.cells);
        let nothing = match self.wants_first_call() {
            true => self.instructions_of_first_call(valgrind, None)?,
            false => 0.0,
        };
        self.first_calls(&mut measured, |bench, variant| {
            Ok(bench.instructions_of_first_call(valgrind, Some(variant))? - nothing)
        })?;
        Ok(measured)
    }

    /// Works a list off with as many threads as there are processors.
    fn in_parallel<T: Send>(
        &self,
        work: Vec<T>,
        act: impl Fn(T) -> anyhow::Result<()> + Sync,
    ) -> anyhow::Result<()> {
        let queue = Mutex::new(work);
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let next = || queue.lock().expect("no thread panics with the lock").pop();
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|_| scope.spawn(|| std::iter::from_fn(next).try_for_each(&act)))
                .collect();
            workers
                .into_iter()
                .try_for_each(|worker| worker.join().expect("a worker does not panic"))
        })
    }

    fn counted(
        &self,
        valgrind: &Path,
        request: &Request,
    ) -> anyhow::Result<(Answer, Vec<count::Loop>)> {
        let scratch = self.tools.scratch()?;
        let said = program::run_counted(
            valgrind,
            self.interpreter,
            &program::measure(self.parts),
            &request.document(self.parts),
            scratch.path(),
        )?;
        let answer: Answer = serde_json::from_str(&said).context("reading the cells")?;
        let loops = count::loops(&count::between_marks(scratch.path())?, answer.cells.len())?;
        Ok((answer, loops))
    }

    fn wants_first_call(&self) -> bool {
        self.rows.iter().any(|row| row.name == FIRST_CALL)
    }

    /// Measures the first call of each variant, if it is wanted.
    fn first_calls(
        &self,
        measured: &mut Measured,
        one: impl Fn(&Self, Variant) -> anyhow::Result<f64>,
    ) -> anyhow::Result<()> {
        let Some(row) = self.rows.iter().find(|row| row.name == FIRST_CALL) else {
            return Ok(());
        };
        let _step = self.tools.progress.step("measuring first calls");
        let base = one(self, BASE)?;
        for variant in Variant::all() {
            let value = if variant == BASE {
                base
            } else {
                one(self, variant)?
            };
            measured.cells.push(Cell {
                row,
                variant,
                gil: None,
                value,
                ratio: ratio(value, base),
            });
        }
        Ok(())
    }

    /// The fewest nanoseconds of some fresh processes.
    fn first_call(&self, variant: Variant) -> anyhow::Result<f64> {
        let mut fewest = f64::INFINITY;
        for _ in 0..self.wanted.rounds.div_ceil(3) {
            let said = program::run(
                self.interpreter,
                &program::first_call(self.parts),
                &self.first_request(Some(variant)),
            )?;
            fewest = fewest.min(said.trim().parse().context("reading the time")?);
        }
        Ok(fewest)
    }

    /// The instructions of a whole process: one that makes a call, or one that does nothing.
    fn instructions_of_first_call(
        &self,
        valgrind: &Path,
        variant: Option<Variant>,
    ) -> anyhow::Result<f64> {
        let scratch = self.tools.scratch()?;
        program::run_counted(
            valgrind,
            self.interpreter,
            &program::first_call(self.parts),
            &self.first_request(variant),
            scratch.path(),
        )?;
        Ok(count::of_process(scratch.path())? as f64)
    }

    fn first_request(&self, variant: Option<Variant>) -> serde_json::Value {
        serde_json::json!({
            "paths": variant.map_or(Vec::new(), |variant| self.parts.paths_of(variant)),
            "library": self.parts.library,
            "variant": variant,
        })
    }
}

/// A share of the calls: some tens, so that the loop is unrolled, or one where one is enough.
fn calls(all: u32, share: u32) -> u32 {
    match all {
        0..10 => all,
        _ => (all / share / 10).max(1) * 10,
    }
}

fn ratio(value: f64, base: f64) -> Option<f64> {
    (base > 0.0).then(|| value / base)
}

impl Measured {
    /// Takes in what one process answered, and its counts if instructions were counted.
    fn add(&mut self, request: &Request, answer: Answer, counts: Option<&[count::Loop]>) {
        let start = self.cells.len();
        let mut empty = 0.0;
        for (index, figure) in answer.cells.iter().enumerate() {
            let Some((row, calls)) = request.rows.iter().find(|(row, _)| row.name == figure.row)
            else {
                continue;
            };
            let value = match counts {
                Some(counts) => counts[index].per_call(*calls),
                None => figure.value.unwrap_or_default(),
            };
            // Only the empty loop of a row, which comes first, belongs to no variant.
            let Some(variant) = Variant::all().find(|it| it.to_string() == figure.variant) else {
                empty = value;
                continue;
            };
            self.cells.push(Cell {
                row,
                variant,
                gil: figure.gil,
                value: (value - empty).max(0.0) / answer.items(row.per, request.sizes),
                ratio: None,
            });
        }
        self.failures.extend(answer.failures);
        relate(&mut self.cells[start..]);
        // The base of the second process has done its work.
        let mut seen = Vec::new();
        self.cells.retain(|cell| {
            let key = (cell.row.name, cell.variant, cell.gil);
            let first = !seen.contains(&key);
            seen.push(key);
            first
        });
    }
}

/// Divides by the base of the same row.
fn relate(cells: &mut [Cell]) {
    let bases: Vec<(&str, f64)> = cells
        .iter()
        .filter(|cell| cell.variant == BASE && cell.gil != Some(Gil::Released))
        .map(|cell| (cell.row.name, cell.value))
        .collect();
    for cell in cells {
        let base = bases.iter().find(|(row, _)| *row == cell.row.name);
        if let Some((_, base)) = base {
            cell.ratio = ratio(cell.value, *base);
        }
    }
}
