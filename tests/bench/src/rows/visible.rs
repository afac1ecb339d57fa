//! P14: which of the pinned tools a principal may see, decided by the product's own
//! policies, in this process.

use std::collections::BTreeSet;
use std::time::Instant;

use azimuth_app::policy::{BUILT_IN_PERMITS, PolicySet};
use azimuth_domain::principal::Role;
use azimuth_domain::tool::{Availability, ToolRef, ToolSpec};
use azimuth_mcp::catalogue;
use azimuth_ports::tools::Catalogue;

use crate::failure::{Done, Failure};
use crate::figures::{Bar, Note, Row, Samples, Yardstick, ms_since};

const COLD: usize = 40;
const CACHED: usize = 1000;

/// Policies of a tenant that name tools, beside the built-in ones.
const NAMED: usize = 100;

pub fn measure() -> Done<Vec<Row>> {
    let catalogue = pinned()?;
    let mut found = rows(&catalogue, "", || {
        PolicySet::default_set().map_err(|error| Failure::answer("the policies", error))
    })?;
    let text = of_a_tenant(&catalogue);
    found.extend(rows(&catalogue, "of a tenant, ", || {
        PolicySet::of_tenant(&text).map_err(|faults| {
            let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
            Failure::answer("the tenant's policies", told.join("; "))
        })
    })?);
    Ok(found)
}

/// The built-in permits, and one for each of the first tools.
fn of_a_tenant(catalogue: &Catalogue) -> String {
    let named = catalogue.tools.iter().take(NAMED).enumerate();
    let named = named.map(|(n, tool)| {
        format!(
            "@id(\"named-{n}\") permit (principal in Azimuth::Role::\"reader\", \
             action in Azimuth::Action::\"use\", resource) \
             when {{ resource.name == \"{}\" }};\n",
            tool.tool.name
        )
    });
    format!("{BUILT_IN_PERMITS}\n{}", named.collect::<String>())
}

fn rows(
    catalogue: &Catalogue,
    whose: &str,
    policies: impl Fn() -> Done<PolicySet>,
) -> Done<Vec<Row>> {
    let roles = BTreeSet::from([Role::Operator]);
    let (mut cold, mut cached, mut reading) = <(Samples, Samples, Samples)>::default();
    let mut seen = 0;
    for _ in 0..COLD {
        let since = Instant::now();
        let policies = policies()?;
        reading.push(ms_since(since));
        let since = Instant::now();
        seen = policies.visible_tools(&roles, catalogue).len();
        cold.push(ms_since(since));
        for _ in 0..CACHED / COLD {
            let since = Instant::now();
            let again = policies.visible_tools(&roles, catalogue).len();
            cached.push(ms_since(since));
            if again != seen {
                return Err(Failure::answer("the cache", "it gives another list"));
            }
        }
    }
    let tools = catalogue.tools.len();
    let row = |name: &str, samples: &Samples, bar, yardstick| Row {
        id: "P14",
        name: format!("which of {tools} tools a principal may see, {whose}{name}"),
        figure: samples.median(),
        unit: "ms",
        bar: Bar::AtMost(bar),
        quantiles: Some(samples.quantiles()),
        yardsticks: vec![yardstick],
        #[expect(clippy::cast_precision_loss, reason = "hundreds")]
        notes: vec![Note::new("tools seen by an operator", seen as f64, "")],
    };
    let policies = Yardstick::median("reading the policies", "ms", &reading);
    Ok(vec![
        row("cold", &cold, 20.0, policies.clone()),
        row("cached", &cached, 0.1, policies),
    ])
}

/// The catalogue of the Azure MCP Server as it is pinned in the product.
fn pinned() -> Done<Catalogue> {
    let file = catalogue::azure().map_err(|error| Failure::answer("the catalogue", error))?;
    let tools = file
        .tools
        .into_iter()
        .map(|tool| ToolSpec {
            tool: ToolRef::new(&file.server, tool.name),
            description: tool.description,
            input_schema: tool.input_schema,
            hash: tool.hash,
            effect: tool.effect,
            secret: tool.secret,
            argument_rules: tool.argument_rules,
            scope: tool.scope,
            target_parameter: tool.target_parameter,
            preview: None,
            availability: Availability::Enabled,
            shared_identity: false,
            enabled_by_name: false,
        })
        .collect();
    Ok(Catalogue {
        version: file.version,
        tools,
        ..Catalogue::default()
    })
}
