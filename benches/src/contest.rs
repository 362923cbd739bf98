//! Several entrants, measured in turn, round after round.
//!
//! Whatever disturbs the machine meets all entrants of a round alike, so ratios and differences are taken
//! within each round, and their median over the rounds is the result. The first round is thrown away.

use serde_json::{Map, Value, json};

type Measure<'a, const N: usize> = Box<dyn FnMut() -> [f64; N] + 'a>;

/// The entrants, each measured in the same columns.
pub(crate) struct Contest<'a, const N: usize> {
    title: String,
    columns: [&'static str; N],
    entrants: Vec<(&'static str, Measure<'a, N>)>,
}

impl<'a, const N: usize> Contest<'a, N> {
    /// A contest without entrants.
    pub(crate) fn new(title: impl Into<String>, columns: [&'static str; N]) -> Self {
        Self { title: title.into(), columns, entrants: Vec::new() }
    }

    /// Adds an entrant.
    pub(crate) fn enter(mut self, name: &'static str, measure: impl FnMut() -> [f64; N] + 'a) -> Self {
        self.entrants.push((name, Box::new(measure)));
        self
    }

    /// Measures all in turn, `rounds` times after one to warm up, and prints the medians.
    pub(crate) fn hold(mut self, rounds: usize) -> Outcome<N> {
        let mut rows: Vec<_> = self.entrants.iter().map(|(name, _)| (*name, Vec::new())).collect();
        for round in 0..=rounds {
            for ((_, measure), (_, values)) in self.entrants.iter_mut().zip(&mut rows) {
                let value = measure();
                if round > 0 {
                    values.push(value);
                }
            }
        }
        let outcome = Outcome { title: self.title, columns: self.columns, rows };
        outcome.print();
        outcome
    }
}

/// What the rounds gave.
pub(crate) struct Outcome<const N: usize> {
    title: String,
    columns: [&'static str; N],
    rows: Vec<(&'static str, Vec<[f64; N]>)>,
}

impl<const N: usize> Outcome<N> {
    fn values(&self, name: &str, column: usize) -> impl Iterator<Item = f64> + Clone {
        let (_, values) = self.rows.iter().find(|row| row.0 == name).expect("an entrant of that name");
        values.iter().map(move |value| value[column])
    }

    /// The median of one entrant's column.
    pub(crate) fn median(&self, name: &str, column: usize) -> f64 {
        median(self.values(name, column))
    }

    /// How many times the other's value an entrant's is: the median over the rounds.
    pub(crate) fn ratio(&self, name: &str, other: &str, column: usize) -> f64 {
        median(self.values(name, column).zip(self.values(other, column)).map(|(one, other)| one / other))
    }

    /// By how much an entrant's value is above the other's: the median over the rounds.
    pub(crate) fn excess(&self, name: &str, other: &str, column: usize) -> f64 {
        median(self.values(name, column).zip(self.values(other, column)).map(|(one, other)| one - other))
    }

    /// All medians, for a line's details.
    pub(crate) fn medians(&self) -> Value {
        let row = |name: &str| -> Value {
            let cells = self.columns.iter().enumerate();
            cells
                .map(|(at, column)| ((*column).to_owned(), tenths(self.median(name, at))))
                .collect::<Map<_, _>>()
                .into()
        };
        self.rows.iter().map(|(name, _)| ((*name).to_owned(), row(name))).collect::<Map<_, _>>().into()
    }

    fn print(&self) {
        eprintln!("\n{}", self.title);
        eprint!("{:34}", "");
        self.columns.iter().for_each(|column| eprint!("{column:>28}"));
        eprintln!();
        for (name, _) in &self.rows {
            eprint!("  {name:32}");
            for column in 0..N {
                let [low, high] = quartiles(self.values(name, column));
                let spread = format!("{:.1} ({low:.1}-{high:.1})", self.median(name, column));
                eprint!("{spread:>28}");
            }
            eprintln!();
        }
    }
}

fn tenths(value: f64) -> Value {
    json!((value * 10.0).round() / 10.0)
}

/// The middle of these values; 0 of none.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    at(values, 2, 4)
}

fn quartiles(values: impl Iterator<Item = f64> + Clone) -> [f64; 2] {
    [at(values.clone(), 1, 4), at(values, 3, 4)]
}

fn at(values: impl IntoIterator<Item = f64>, part: usize, of: usize) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() * part / of).copied().unwrap_or_default()
}
