//! Paths as a picture: a lane for each variant, from Python on the left to C on the right.
//!
//! It stands alone and is fit to be part of a page: no scripts, styles for its own elements only, all text as text. What libffi's
//! column shows is said in words too.

use super::page::{chain, frame_name};
use super::path::{Kind, Layer};
use super::{Call, Traced};
use crate::lesson::{Lesson, Sources};
use crate::report::xml::{escaped, text};

const WIDTH: f64 = 960.0;
/// Where the boxes begin; the names of the variants stand left of it.
const LEFT: f64 = 136.0;
const MARGIN: f64 = 16.0;
const ARROW: f64 = 26.0;
const TOP: f64 = 64.0;
const HEAD: f64 = 36.0;
const LINE: f64 = 14.0;
const GAP: f64 = 16.0;
/// How many frames a box names before it counts the rest.
const NAMED: usize = 5;
/// The width of a letter of the frames' font, at most.
const LETTER: f64 = 6.1;

const STYLE: &str = "\
.call-path text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.call-path .title { font-size: 16px; font-weight: 600 }
.call-path .name { font-weight: 600 }
.call-path .small { font-size: 11px; fill: #59636e }
.call-path .frame { font: 10px ui-monospace, monospace; fill: #59636e }
.call-path .page { fill: #ffffff }
.call-path .box { fill: #f6f8fa; stroke: #8c959f }
.call-path .libffi { fill: #fff8c5; stroke: #9a6700; stroke-dasharray: 5 3 }
.call-path .library { fill: #dafbe1; stroke: #1a7f37; stroke-width: 2 }
.call-path .arrow { stroke: #59636e; fill: none }
.call-path .point { fill: #59636e }
@media (prefers-color-scheme: dark) {
  .call-path text { fill: #f0f6fc }
  .call-path .small, .call-path .frame { fill: #9198a1 }
  .call-path .page { fill: #0d1117 }
  .call-path .box { fill: #151b23; stroke: #656c76 }
  .call-path .libffi { fill: #272115; stroke: #d29922 }
  .call-path .library { fill: #12261e; stroke: #3fb950 }
  .call-path .arrow { stroke: #9198a1 }
  .call-path .point { fill: #9198a1 }
}";

/// The picture of the way to `function`.
pub fn picture(lesson: &Lesson, traced: &[Traced], function: &str) -> String {
    let id = &lesson.manifest.id;
    let lanes: Vec<Lane> = traced.iter().map(|it| Lane::of(it, function)).collect();
    let columns = lanes.iter().map(Lane::columns).max().unwrap_or(1).max(1);
    let height = TOP + lanes.iter().map(|it| it.height() + GAP).sum::<f64>();
    let title = format!("{id}: the way from Python to {function}");
    let name = format!("call-path-{}", lesson.manifest.id.package());
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"call-path\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-labelledby=\"{name}-title {name}-desc\">\n\
         <title id=\"{name}-title\">{}</title>\n<desc id=\"{name}-desc\">{}</desc>\n<style>\n{STYLE}\n</style>\n\
         <rect class=\"page\" width=\"{WIDTH}\" height=\"{height}\"/>\n",
        escaped(&title),
        escaped(&described(&lanes)),
    );
    svg += &text("title", MARGIN, 28.0, &title);
    let how = "Frames of the stack as the C function begins to run. A call that has no box in the column of libffi passes it by.";
    svg += &text("small", MARGIN, 46.0, how);
    let mut y = TOP;
    for lane in &lanes {
        svg += &lane.draw(y, columns);
        y += lane.height() + GAP;
    }
    svg + "</svg>\n"
}

/// One variant.
struct Lane<'a> {
    variant: String,
    solution: bool,
    call: Result<&'a Call, String>,
}

impl<'a> Lane<'a> {
    fn of(traced: &'a Traced, function: &str) -> Lane<'a> {
        Lane {
            variant: traced.variant.to_string(),
            solution: traced.sources != Sources::Exercise,
            call: traced
                .call(function)
                .ok_or_else(|| traced.why_not(function)),
        }
    }

    fn layers(&self) -> &[Layer] {
        self.call.as_ref().map_or(&[], |call| &call.path.layers)
    }

    fn columns(&self) -> usize {
        self.layers().len()
    }

    fn height(&self) -> f64 {
        let lines = self
            .layers()
            .iter()
            .map(|it| it.frames.len().min(NAMED + 1))
            .max();
        HEAD + LINE * lines.unwrap_or(0) as f64 + 8.0
    }

    fn draw(&self, y: f64, columns: usize) -> String {
        let mut svg = text("name", MARGIN, y + 16.0, &self.variant);
        let whose = if self.solution {
            "the solution"
        } else {
            "your exercise"
        };
        svg += &text("small", MARGIN, y + 32.0, whose);
        match &self.call {
            Ok(call) => {
                let libffi = format!("libffi: {}", call.path.libffi.word());
                svg += &text("small", MARGIN, y + 47.0, &libffi);
            }
            Err(why) => {
                svg += &text(
                    "small",
                    LEFT,
                    y + 16.0,
                    &shortened(&format!("not traced: {why}"), 120),
                )
            }
        }
        let width = (WIDTH - LEFT - MARGIN + ARROW) / columns as f64 - ARROW;
        let x = |column: usize| LEFT + column as f64 * (width + ARROW);
        let mut last = None;
        for (index, layer) in self.layers().iter().enumerate() {
            let column = self.column(index, columns);
            if let Some(before) = last {
                svg += &arrow(x(before) + width, x(column), y + HEAD / 2.0);
            }
            svg += &drawn(layer, x(column), y, width, self.height());
            last = Some(column);
        }
        svg
    }

    /// The C function stands on the right in every lane, so that who passes libffi by can be seen.
    fn column(&self, index: usize, columns: usize) -> usize {
        match index + 1 == self.columns() {
            true => columns - 1,
            false => index,
        }
    }
}

/// What the picture shows, for whoever does not see it.
fn described(lanes: &[Lane]) -> String {
    let sentences: Vec<String> = lanes
        .iter()
        .map(|lane| match &lane.call {
            Ok(call) => {
                let libffi = match call.path.libffi.passes() {
                    Some(true) => "through libffi",
                    Some(false) => "without libffi",
                    None => "through libffi or not, which is unknown",
                };
                format!("{}: {libffi}, {}.", lane.variant, chain(&call.path))
            }
            Err(why) => format!("{}: not traced, {why}.", lane.variant),
        })
        .collect();
    sentences.join(" ")
}

fn drawn(layer: &Layer, x: f64, y: f64, width: f64, height: f64) -> String {
    let class = match layer.kind {
        Kind::Libffi => "box libffi",
        Kind::Library => "box library",
        Kind::Python | Kind::Bridge => "box",
    };
    let place = match &layer.inside {
        Some(inside) => format!("compiled into {inside}"),
        None => layer.file.clone(),
    };
    let letters = ((width - 16.0) / LETTER) as usize;
    let mut svg = format!(
        "<g>\n<title>{}</title>\n<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
         height=\"{height:.1}\" rx=\"4\"/>\n",
        escaped(&whole(layer)),
    );
    svg += &text("name", x + 8.0, y + 16.0, &shortened(&layer.name, letters));
    svg += &text("frame", x + 8.0, y + 30.0, &shortened(&place, letters));
    let names = layer.frames.iter().take(NAMED).map(frame_name);
    let more = layer.frames.len().saturating_sub(NAMED);
    let more = (more > 0).then(|| format!("and {more} more"));
    for (line, name) in names.chain(more).enumerate() {
        let y = y + HEAD + LINE * (line as f64 + 0.8);
        svg += &text("frame", x + 8.0, y, &end_of(&name, letters));
    }
    svg + "</g>\n"
}

/// All frames of a layer, which a box may have no room for.
fn whole(layer: &Layer) -> String {
    let frames: Vec<String> = layer.frames.iter().map(frame_name).collect();
    format!("{}, in {}: {}", layer.name, layer.file, frames.join(", "))
}

fn arrow(from: f64, to: f64, y: f64) -> String {
    let point = to - 8.0;
    format!(
        "<line class=\"arrow\" x1=\"{from:.1}\" y1=\"{y:.1}\" x2=\"{point:.1}\" y2=\"{y:.1}\"/>\n\
         <path class=\"point\" d=\"M{point:.1} {:.1} L{to:.1} {y:.1} L{point:.1} {:.1} Z\"/>\n",
        y - 4.0,
        y + 4.0
    )
}

/// At most that many letters, the last one a sign that more belongs there; the whole text stands in the box's title.
fn shortened(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    let kept: String = text.chars().take(letters.saturating_sub(1)).collect();
    kept + "…"
}

/// The same from its other end, where paths of names have what tells them apart.
fn end_of(name: &str, letters: usize) -> String {
    let more = name.chars().count().saturating_sub(letters.max(1));
    match more {
        0 => name.to_owned(),
        _ => name
            .chars()
            .skip(more + 1)
            .fold("…".to_owned(), |text, it| text + &it.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_is_left_out_at_the_less_telling_end() {
        assert_eq!(shortened("_ctypes.cpython.so", 8), "_ctypes…");
        assert_eq!(end_of("clib::registers::enter", 8), "…::enter");
        for same in ["", "add"] {
            assert_eq!([shortened(same, 3), end_of(same, 3)], [same, same]);
        }
    }
}
