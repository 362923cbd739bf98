//! Tables for people: columns as wide as what stands in them, names of any origin made visible and cut.

use newswire::Visible;

/// How wide a column of text is at most, and at least where there is too little room.
const MAX_TEXT: usize = 40;
const MIN_TEXT: usize = 12;

/// The blanks between two columns.
const GAP: usize = 2;

/// A table under construction; the first column holds names, the others figures.
pub(crate) struct Table {
    columns: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(columns: &[&'static str]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row; its name may be of any origin.
    pub(crate) fn row(&mut self, name: &str, figures: impl IntoIterator<Item = String>) {
        let mut row = vec![Visible(name).cut(MAX_TEXT)];
        row.extend(figures);
        self.rows.push(row);
    }

    /// Leaves a column out.
    pub(crate) fn hide(&mut self, name: &str) {
        if let Some(column) = self.columns.iter().position(|known| *known == name) {
            self.rows.iter_mut().filter_map(|row| row.get_mut(column)).for_each(String::clear);
        }
    }

    /// The text, without the columns in which nothing stands, in lines of so many columns at most: names are cut for it,
    /// and figures for which there still is no room stand in a table of their own below.
    pub(crate) fn text(&self, color: bool, width: usize) -> String {
        let head: Vec<String> = self.columns.iter().map(|name| (*name).to_owned()).collect();
        let lines: Vec<&Vec<String>> = std::iter::once(&head).chain(&self.rows).collect();
        let widest = |column: usize| {
            let cells = lines.iter().filter_map(|line| line.get(column));
            cells.map(|cell| Visible(cell).columns()).max().unwrap_or(0)
        };
        let used = (1..self.columns.len()).filter(|column| {
            self.rows.iter().any(|row| row.get(*column).is_some_and(|cell| !cell.is_empty()))
        });
        let figures: Vec<_> = used.map(|column| (column, widest(column))).collect();
        let taken: usize = figures.iter().map(|(_, wide)| wide + GAP).sum();
        let names = widest(0).min(width.saturating_sub(taken).max(MIN_TEXT));

        let mut blocks: Vec<Vec<(usize, usize)>> = vec![Vec::new()];
        let mut room = width.saturating_sub(names);
        for (column, wide) in figures {
            match blocks.last_mut() {
                Some(block) if block.is_empty() || wide + GAP <= room => block.push((column, wide)),
                _ => {
                    blocks.push(vec![(column, wide)]);
                    room = width.saturating_sub(names);
                }
            }
            room = room.saturating_sub(wide + GAP);
        }
        let blocks: Vec<_> = blocks.iter().map(|block| block_of(&lines, names, block, color)).collect();
        blocks.join("\n")
    }
}

/// The lines of a table of these figures, a name before each.
fn block_of(lines: &[&Vec<String>], names: usize, figures: &[(usize, usize)], color: bool) -> String {
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        let cell = |column: usize| line.get(column).map_or("", String::as_str);
        let mut shown = Visible(cell(0)).cut(names);
        shown.push_str(&" ".repeat(names.saturating_sub(Visible(&shown).columns())));
        for (column, wide) in figures {
            let blank = GAP + wide.saturating_sub(Visible(cell(*column)).columns());
            shown.push_str(&" ".repeat(blank));
            shown.push_str(cell(*column));
        }
        let shown = shown.trim_end();
        match color && number == 0 {
            true => text.push_str(&format!("\x1b[1m{shown}\x1b[0m\n")),
            false => text.push_str(&format!("{shown}\n")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::numbers::grouped;
    use super::*;

    #[test]
    fn columns_are_aligned_and_empty_ones_left_out() {
        let mut table = Table::new(&["tool", "calls", "open", "p50"]);
        table.row("ls", [grouped(12_345), String::new(), "12 ms".to_owned()]);
        table.row("日本\u{1b}[2J", ["7".to_owned(), String::new(), "1.2 s".to_owned()]);
        assert_eq!(
            table.text(false, 100),
            "tool       calls    p50\nls        12,345  12 ms\n日本␛[2J       7  1.2 s\n"
        );
    }

    #[test]
    fn what_is_too_wide_is_cut_in_its_names_and_then_goes_on_below() {
        let mut table = Table::new(&["model", "calls", "p50", "p95"]);
        let figures = || ["12,345".to_owned(), "12 ms".to_owned(), "1.2 s".to_owned()];
        table.row("claude-opus-4-5-20251101", figures());
        let text = |width| table.text(false, width);
        assert!(text(46).starts_with("model                      calls    p50    p95\n"), "{}", text(46));
        assert!(text(40).ends_with("\nclaude-opus-4-5-2…  12,345  12 ms  1.2 s\n"), "{}", text(40));
        assert_eq!(
            text(30),
            "model          calls    p50\nclaude-opus…  12,345  12 ms\n\nmodel           p95\nclaude-opus…  1.2 s\n"
        );
        for width in [30, 40, 46, 100] {
            assert!(text(width).lines().all(|line| Visible(line).columns() <= width));
        }
    }
}
