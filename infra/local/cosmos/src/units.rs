//! What an operation would cost on Azure, in request units: an estimate by the figures
//! that Microsoft publishes, and nothing that anybody was charged.
//!
//! Write and read by size, between the sizes a straight line:
//! learn.microsoft.com/azure/cosmos-db/understand-request-unit-consumption. A replace
//! costs two inserts; a read of an account that is strongly consistent costs twice:
//! learn.microsoft.com/azure/cosmos-db/optimize-cost-reads-writes. The rest is ours, and
//! rounded up: properties that are indexed, and what a query costs beside what it reads.

/// What is done with one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    Create,
    Replace,
    Delete,
    Read,
    Query,
}

/// KB, and request units of its read and its write. What is smaller costs as much as the
/// first.
const BY_SIZE: [(f64, f64, f64); 9] = [
    (1.0, 1.00, 4.95),
    (2.0, 1.04, 6.29),
    (4.0, 1.14, 6.67),
    (8.0, 1.33, 7.04),
    (16.0, 1.67, 9.52),
    (32.0, 2.19, 11.23),
    (64.0, 4.76, 22.67),
    (128.0, 9.95, 48.19),
    (256.0, 20.28, 98.29),
];
/// Of the indexed properties of one item, of which it has about five.
const INDEXES: f64 = 0.9;
/// Of a query, beside what it reads: none costs less than 2.5 together.
const QUESTION: f64 = 1.5;
/// Reads at the consistency level that the product needs.
const STRONG: f64 = 2.0;

impl Deed {
    /// Its name in a table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Delete => "delete",
            Self::Read => "read",
            Self::Query => "query",
        }
    }

    /// Request units of this with so many bytes, by the published figures.
    pub fn estimate(self, bytes: usize) -> f64 {
        let (read, write) = by_size(bytes);
        match self {
            Self::Create | Self::Delete => write + INDEXES,
            Self::Replace => 2.0 * write + INDEXES,
            Self::Read => STRONG * read,
            Self::Query => STRONG * (QUESTION + read),
        }
    }

    /// Request units as the emulator counts them for an operation outside a batch:
    /// they double with the size.
    pub fn emulated(self, bytes: usize, properties: usize) -> f64 {
        let size = kilobytes(bytes).max(1.0).ceil().log2().ceil().exp2();
        let indexes = 0.3 * count(properties);
        match self {
            Self::Create => 5.8 * size + indexes,
            Self::Replace | Self::Delete => 1.5 * 5.8 * size + indexes,
            Self::Read | Self::Query => size,
        }
    }
}

fn by_size(bytes: usize) -> (f64, f64) {
    let size = kilobytes(bytes).max(1.0);
    let step = BY_SIZE.windows(2).find(|step| size <= step[1].0);
    let Some(&[(from, read, write), (to, next_read, next_write)]) = step else {
        // No item of the product is larger.
        let (_, read, write) = BY_SIZE[BY_SIZE.len() - 1];
        return (read, write);
    };
    let part = (size - from) / (to - from);
    let between = |here: f64, there: f64| here + part * (there - here);
    (between(read, next_read), between(write, next_write))
}

/// As Azure counts them, 1,024 bytes each.
pub fn kilobytes(bytes: usize) -> f64 {
    count(bytes) / 1024.0
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(found: f64, expected: f64) {
        assert!((found - expected).abs() < 0.005, "{found} and {expected}");
    }

    #[test]
    fn a_write_costs_by_its_size_and_a_replace_two() {
        is(Deed::Create.estimate(300), 5.85);
        is(Deed::Create.estimate(3 * 1024), 6.48 + 0.9);
        is(Deed::Replace.estimate(1024), 10.8);
        is(Deed::Create.estimate(10 << 20), 98.29 + 0.9);
    }

    #[test]
    fn a_read_costs_twice_and_a_query_more() {
        is(Deed::Read.estimate(10), 2.0);
        is(Deed::Query.estimate(10), 5.0);
    }

    #[test]
    fn the_emulator_doubles_with_the_size() {
        is(Deed::Create.emulated(512, 5), 7.3);
        is(Deed::Replace.emulated(5 * 1024, 0), 8.7 * 8.0);
    }
}
