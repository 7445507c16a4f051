//! A table for people: columns two spaces apart, as wide as the terminal lets them be.
//!
//! Nothing that a cell holds is ever left out: where the terminal is too narrow, cells go on below, and where it is far
//! too narrow, rows stand as lists. A cell may hold text from outside; it never breaks out of its line, obeys no
//! terminal and poses as no command of a CI's log.

use unicode_width::UnicodeWidthStr;

use super::Screen;
use crate::text::defuse;

const GAP: usize = 2;
/// No column is made narrower than this, or than what it holds: rows stand as lists before that.
const NARROWEST: usize = 8;
/// A terminal that says it is narrower than this is not believed.
const NARROWEST_SCREEN: usize = 20;

/// What a cell says of its row, for terminals with colours. Its text says the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    #[default]
    Neutral,
    Good,
    Doubtful,
    Bad,
    Heading,
}

impl Tone {
    /// The terminal's sequence that switches it on.
    fn sequence(self) -> &'static str {
        match self {
            Self::Neutral => "",
            Self::Good => "\x1b[32m",
            Self::Doubtful => "\x1b[33m",
            Self::Bad => "\x1b[31m",
            Self::Heading => "\x1b[1m",
        }
    }

    /// The text in this tone, where the screen has colours.
    pub fn paint(self, text: &str, screen: Screen) -> String {
        match self.sequence() {
            sequence if screen.colour && !sequence.is_empty() => format!("{sequence}{text}\x1b[0m"),
            _ => text.to_owned(),
        }
    }
}

/// One text of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    pub fn new(text: impl AsRef<str>, tone: Tone) -> Self {
        Self {
            text: tame(text.as_ref()),
            tone,
        }
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text, Tone::Neutral)
    }
}

/// Headings and rows. A row that is too short ends with empty cells; what is beyond the headings has no place.
#[derive(Clone, Debug)]
pub struct Table {
    headings: Vec<Cell>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub fn new<T: AsRef<str>>(headings: impl IntoIterator<Item = T>) -> Self {
        let heading = |text: T| Cell::new(text, Tone::Heading);
        Self {
            headings: headings.into_iter().map(heading).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row. Cells are texts, or [`Cell`]s with a tone.
    pub fn row<C: Into<Cell>>(&mut self, cells: impl IntoIterator<Item = C>) {
        let mut row: Vec<Cell> = cells.into_iter().map(Into::into).collect();
        row.resize(self.headings.len(), Cell::from(""));
        self.rows.push(row);
    }

    /// The table's lines, each with a line end.
    pub fn render(&self, screen: Screen) -> String {
        let widths = match screen.width {
            None => Some(self.natural_widths()),
            Some(width) => self.widths_within(width),
        };
        let mut out = Page {
            text: String::new(),
            screen,
        };
        match widths {
            Some(widths) => {
                for row in std::iter::once(&self.headings).chain(&self.rows) {
                    out.row(row, &widths);
                }
            }
            None => self.as_lists(&mut out, screen.width.unwrap_or_default().max(NARROWEST_SCREEN)),
        }
        out.text
    }

    fn natural_widths(&self) -> Vec<usize> {
        self.widths_of(UnicodeWidthStr::width)
    }

    /// The largest measure of each column.
    fn widths_of(&self, measure: impl Fn(&str) -> usize) -> Vec<usize> {
        let rows = std::iter::once(&self.headings).chain(&self.rows);
        rows.fold(vec![0; self.headings.len()], |widths, row| {
            let cells = row.iter().map(|cell| measure(&cell.text));
            widths.into_iter().zip(cells).map(|(a, b)| a.max(b)).collect()
        })
    }

    /// The widest columns give way first, and words are broken only if nothing else helps. `None` if columns would have
    /// to become too narrow.
    fn widths_within(&self, screen: usize) -> Option<Vec<usize>> {
        let natural = self.natural_widths();
        let room = screen.checked_sub(GAP * natural.len().saturating_sub(1))?;
        let words = self.widths_of(|text| text.split(' ').map(UnicodeWidthStr::width).max().unwrap_or(0));
        let words = words.into_iter().map(|width| width.max(NARROWEST)).collect();
        let fit = |least: Vec<usize>| shrunk(natural.clone(), &least, room);
        fit(words).or_else(|| fit(vec![NARROWEST; natural.len()]))
    }

    /// Every cell on lines of its own, behind its heading.
    fn as_lists(&self, out: &mut Page, screen: usize) {
        let longest = self.headings.iter().map(|heading| heading.text.width()).max();
        let label = longest.unwrap_or(0).min(screen - GAP - NARROWEST);
        for (index, row) in self.rows.iter().enumerate() {
            if index > 0 {
                out.text.push('\n');
            }
            for (heading, cell) in self.headings.iter().zip(row) {
                out.row(&[heading.clone(), cell.clone()], &[label, screen - GAP - label]);
            }
        }
    }
}

/// The widths, made narrower until they fit into `room`, and none narrower than its least.
fn shrunk(mut widths: Vec<usize>, least: &[usize], room: usize) -> Option<Vec<usize>> {
    while widths.iter().sum::<usize>() > room {
        let columns = widths.iter_mut().zip(least);
        let (widest, _) = columns
            .filter(|(width, least)| **width > **least)
            .max_by_key(|(width, _)| **width)?;
        *widest -= 1;
    }
    Some(widths)
}

/// Lines as they are put together.
struct Page {
    text: String,
    screen: Screen,
}

impl Page {
    /// One row, on as many lines as its longest cell needs.
    fn row(&mut self, cells: &[Cell], widths: &[usize]) {
        let columns: Vec<Vec<&str>> = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| wrap(&cell.text, *width))
            .collect();
        let height = columns.iter().map(Vec::len).max().unwrap_or(0).max(1);
        for line in 0..height {
            let mut pending = 0;
            for ((column, cell), width) in columns.iter().zip(cells).zip(widths) {
                let piece = column.get(line).copied().unwrap_or_default();
                if !piece.is_empty() {
                    self.text.extend(std::iter::repeat_n(' ', pending));
                    self.text.push_str(&cell.tone.paint(piece, self.screen));
                    pending = 0;
                }
                pending += width.saturating_sub(piece.width()) + GAP;
            }
            self.text.push('\n');
        }
    }
}

/// The text on one line, without control characters. No word of it begins with `::`, because every word may come to
/// stand at a line's start, where GitHub's runner looks for commands.
fn tame(text: &str) -> String {
    let line = defuse(text);
    let words = line.split_whitespace().map(|word| match word.strip_prefix("::") {
        Some(rest) => format!(": :{}", rest.trim_start_matches(':')),
        None => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The text in pieces of at most `width` columns, broken between words where that is possible.
fn wrap(text: &str, width: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while rest.width() > width.max(1) {
        let end = fitting(rest, width);
        let at = if rest[end..].starts_with(' ') {
            end
        } else {
            rest[..end].rfind(' ').unwrap_or(end)
        };
        pieces.push(&rest[..at]);
        rest = rest[at..].trim_start_matches(' ');
    }
    pieces.push(rest);
    pieces
}

/// How many bytes of `text` fit into `width` columns: at least one character. Characters are not measured one by one,
/// because some change the width of the one before them.
fn fitting(text: &str, width: usize) -> usize {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let fits = |end: &usize| text[..*end].width() <= width;
    let first = text.chars().next().map_or(0, char::len_utf8);
    ends.take_while(fits).last().unwrap_or(first)
}

#[cfg(test)]
mod tests;
