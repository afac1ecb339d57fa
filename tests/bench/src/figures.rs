//! Samples and what is told of them.

use serde::Serialize;

/// Samples of one quantity, in one unit.
#[derive(Debug, Clone, Default)]
pub struct Samples(Vec<f64>);

/// What is kept of samples.
#[derive(Debug, Clone, Serialize)]
pub struct Quantiles {
    pub count: usize,
    pub min: f64,
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    pub max: f64,
}

/// Which side of the bar is good.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bar {
    AtMost(f64),
    AtLeast(f64),
}

/// What stands beside a figure: measured in the same run, round by round.
#[derive(Debug, Clone, Serialize)]
pub struct Yardstick {
    pub name: String,
    pub figure: f64,
    pub unit: &'static str,
    pub quantiles: Option<Quantiles>,
}

/// One line of the table.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    pub id: &'static str,
    pub name: String,
    pub figure: f64,
    pub unit: &'static str,
    pub bar: Bar,
    pub quantiles: Option<Quantiles>,
    /// The first one makes the ratio.
    pub yardsticks: Vec<Yardstick>,
    /// Figures that explain, without a bar.
    pub notes: Vec<Note>,
}

/// A figure without a bar.
#[derive(Debug, Clone, Serialize)]
pub struct Note {
    pub name: String,
    pub figure: f64,
    pub unit: &'static str,
}

impl Samples {
    pub fn push(&mut self, sample: f64) {
        self.0.push(sample);
    }

    pub fn extend(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The smallest sample that at least `part` of all do not exceed.
    pub fn quantile(&self, part: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a place in a list"
        )]
        let at = (part * sorted.len() as f64).ceil() as usize;
        sorted
            .get(at.saturating_sub(1))
            .copied()
            .unwrap_or(f64::NAN)
    }

    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    pub fn quantiles(&self) -> Quantiles {
        Quantiles {
            count: self.len(),
            min: self.quantile(0.0),
            p50: self.median(),
            p95: self.quantile(0.95),
            p99: self.quantile(0.99),
            max: self.quantile(1.0),
        }
    }
}

impl FromIterator<f64> for Samples {
    fn from_iter<I: IntoIterator<Item = f64>>(samples: I) -> Self {
        Self(samples.into_iter().collect())
    }
}

impl Yardstick {
    pub fn median(name: impl Into<String>, unit: &'static str, samples: &Samples) -> Self {
        Self {
            name: name.into(),
            figure: samples.median(),
            unit,
            quantiles: Some(samples.quantiles()),
        }
    }
}

impl Note {
    pub fn new(name: impl Into<String>, figure: f64, unit: &'static str) -> Self {
        Self {
            name: name.into(),
            figure,
            unit,
        }
    }
}

impl Row {
    pub fn is_met(&self) -> bool {
        match self.bar {
            Bar::AtMost(bar) => self.figure <= bar,
            Bar::AtLeast(bar) => self.figure >= bar,
        }
    }

    /// The figure in terms of the first yardstick.
    pub fn ratio(&self) -> Option<f64> {
        let yardstick = self.yardsticks.first()?;
        Some(self.figure / yardstick.figure).filter(|ratio| ratio.is_finite())
    }
}

/// Milliseconds since `since`.
pub fn ms_since(since: std::time::Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_samples() {
        let samples: Samples = (1..=100).map(f64::from).collect();
        let told = [0.0, 0.5, 0.95, 0.99, 1.0].map(|part| samples.quantile(part).to_string());
        assert_eq!(told, ["1", "50", "95", "99", "100"]);
        assert!(Samples::default().median().is_nan());
        assert!(Samples::from_iter([3.0]).quantile(0.99) < 3.5);
    }
}
