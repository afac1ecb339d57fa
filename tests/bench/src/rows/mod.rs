//! One file per benchmark; some give several rows of the promises.

mod across;
mod commit;
mod first_token;
mod list;
mod load;
mod start;
mod stored;
pub mod streams;
mod tool_call;
mod visible;

use std::time::Instant;

use crate::failure::Done;
use crate::figures::Row;
use crate::stack::Place;

/// What `cargo xtask bench NAME` is held against.
const BENCHES: [(&str, &str); 9] = [
    ("start", "P1"),
    ("load", "P2 P4 P7"),
    ("first-token", "P3"),
    ("list", "P5"),
    ("tool-call", "P6"),
    ("streams", "P8"),
    ("stored", "P9"),
    ("across", "P12"),
    ("visible", "P14"),
];

/// Measures all, or those whose name or ids contain `name`.
pub async fn measure(place: &Place, name: Option<&str>) -> Done<Vec<Row>> {
    let mut rows = Vec::new();
    for (bench, ids) in BENCHES {
        let wanted = name.is_none_or(|name| {
            bench.contains(name) || ids.split(' ').any(|id| id.eq_ignore_ascii_case(name))
        });
        if !wanted {
            continue;
        }
        let since = Instant::now();
        eprintln!("{bench} ({ids}) …");
        match bench {
            "start" => rows.push(start::measure(place).await?),
            "load" => rows.extend(load::measure(place).await?),
            "first-token" => rows.push(first_token::measure(place).await?),
            "list" => rows.push(list::measure(place).await?),
            "tool-call" => rows.push(tool_call::measure(place).await?),
            "streams" => rows.push(streams::measure(place).await?),
            "stored" => rows.extend(stored::measure(place).await?),
            "across" => rows.push(across::measure(place).await?),
            _ => rows.extend(visible::measure()?),
        }
        eprintln!("{bench}: {:.0} s", since.elapsed().as_secs_f64());
    }
    Ok(rows)
}
