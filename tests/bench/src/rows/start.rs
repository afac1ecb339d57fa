//! P1: from the start of the handler's process to its first 200, and the same for
//! an axum program that does nothing. The store is there already, as it is
//! whenever a host starts a handler again; a first start is told beside it.

use azimuth_stack::start::first_answer;

use crate::failure::Done;
use crate::figures::{Bar, Note, Row, Samples, Yardstick};
use crate::stack::{Place, Stack};

const STARTS: usize = 40;
const FIRST_STARTS: usize = 10;

pub async fn measure(place: &Place) -> Done<Row> {
    let stack = Stack::prepare(place).await?;
    let environment = stack.environment();
    let handler = stack.app().join("handler");
    first_answer(&handler, stack.app(), environment)?;
    let (mut starts, mut nothing, mut first) = <(Samples, Samples, Samples)>::default();
    for number in 0..STARTS {
        starts.push(first_answer(&handler, stack.app(), environment)?);
        nothing.push(first_answer(&place.own, stack.app(), &[])?);
        if number < FIRST_STARTS {
            let data = stack.file(&format!("empty-{number}"));
            let mut fresh = environment.to_vec();
            for (name, value) in &mut fresh {
                if name == "AZIMUTH_DATA_DIR" {
                    *value = data.display().to_string();
                }
            }
            first.push(first_answer(&handler, stack.app(), &fresh)?);
        }
    }
    Ok(Row {
        id: "P1",
        name: "handler start to first 200, p50".to_owned(),
        figure: starts.median(),
        unit: "ms",
        bar: Bar::AtMost(30.0),
        quantiles: Some(starts.quantiles()),
        yardsticks: vec![Yardstick::median("axum that does nothing", "ms", &nothing)],
        notes: vec![Note::new("with an empty data folder", first.median(), "ms")],
    })
}
