//! Tables for people: columns as wide as what stands in them, names of any origin made visible and cut.

use newswire::Visible;

/// How wide a column of text is at most.
const MAX_TEXT: usize = 40;

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

    /// The text, without the columns in which nothing stands.
    pub(crate) fn text(&self, color: bool) -> String {
        let used: Vec<usize> = (0..self.columns.len())
            .filter(|column| {
                *column == 0
                    || self.rows.iter().any(|row| row.get(*column).is_some_and(|cell| !cell.is_empty()))
            })
            .collect();
        let head: Vec<String> = self.columns.iter().map(|name| (*name).to_owned()).collect();
        let lines: Vec<&Vec<String>> = std::iter::once(&head).chain(&self.rows).collect();
        let cell = |line: &Vec<String>, column: usize| line.get(column).cloned().unwrap_or_default();
        let width = |column: usize| {
            lines.iter().map(|line| Visible(&cell(line, column)).columns()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = used.iter().map(|column| width(*column)).collect();
        let mut text = String::new();
        for (number, line) in lines.iter().enumerate() {
            let mut shown = String::new();
            for (column, width) in used.iter().zip(&widths) {
                let cell = cell(line, *column);
                let blank = " ".repeat(width - Visible(&cell).columns());
                match column {
                    0 => shown.push_str(&format!("{cell}{blank}")),
                    _ => shown.push_str(&format!("  {blank}{cell}")),
                }
            }
            let shown = shown.trim_end();
            match color && number == 0 {
                true => text.push_str(&format!("\x1b[1m{shown}\x1b[0m\n")),
                false => text.push_str(&format!("{shown}\n")),
            }
        }
        text
    }
}

/// `12,345,678`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The number, or nothing where it is 0.
pub(crate) fn unless_none(number: u64) -> String {
    if number == 0 { String::new() } else { grouped(number) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_empty_ones_left_out() {
        let mut table = Table::new(&["tool", "calls", "open", "p50"]);
        table.row("ls", [grouped(12_345), String::new(), "12 ms".to_owned()]);
        table.row("日本\u{1b}[2J", ["7".to_owned(), String::new(), "1.2 s".to_owned()]);
        assert_eq!(
            table.text(false),
            "tool       calls    p50\nls        12,345  12 ms\n日本␛[2J       7  1.2 s\n"
        );
    }
}
