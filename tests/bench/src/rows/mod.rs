//! One file per benchmark; some give several rows of the promises.

mod across;
mod commit;
mod first_token;
mod list;
mod load;
mod neighbours;
mod start;
mod stored;
pub mod streams;
mod tool_call;
mod visible;

use std::time::Instant;

use crate::failure::{Done, Failure};
use crate::figures::Row;
use crate::stack::Place;

/// What `cargo xtask bench NAME` is held against.
const BENCHES: [(&str, &str); 10] = [
    ("start", "P1"),
    ("load", "P2 P4 P7"),
    ("first-token", "P3"),
    ("list", "P5"),
    ("tool-call", "P6"),
    ("streams", "P8"),
    ("stored", "P9"),
    ("across", "P12"),
    ("visible", "P14"),
    ("neighbours", "S12"),
];

/// Measures all, or those whose name or ids contain `name`. One that fails does not
/// keep the others from being measured.
pub async fn measure(place: &Place, name: Option<&str>) -> (Vec<Row>, Vec<Failure>) {
    let (mut rows, mut failures) = (Vec::new(), Vec::new());
    for (bench, ids) in BENCHES {
        let wanted = name.is_none_or(|name| {
            bench.contains(name) || ids.split(' ').any(|id| id.eq_ignore_ascii_case(name))
        });
        if !wanted {
            continue;
        }
        let since = Instant::now();
        eprintln!("{bench} ({ids}) …");
        match one(bench, place).await {
            Ok(measured) => rows.extend(measured),
            Err(failure) => {
                eprintln!("{bench} ({ids}): {failure}");
                failures.push(failure);
            }
        }
        eprintln!("{bench}: {:.0} s", since.elapsed().as_secs_f64());
    }
    (rows, failures)
}

async fn one(bench: &str, place: &Place) -> Done<Vec<Row>> {
    Ok(match bench {
        "start" => vec![start::measure(place).await?],
        "load" => load::measure(place).await?,
        "first-token" => vec![first_token::measure(place).await?],
        "list" => vec![list::measure(place).await?],
        "tool-call" => vec![tool_call::measure(place).await?],
        "streams" => vec![streams::measure(place).await?],
        "stored" => stored::measure(place).await?,
        "across" => vec![across::measure(place).await?],
        "neighbours" => neighbours::measure(place).await?,
        _ => visible::measure()?,
    })
}
