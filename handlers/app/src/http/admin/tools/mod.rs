//! The tools of a tenant: what servers offer, what is pinned, what administrators have
//! accepted or switched off.

pub mod list_tool_pins;
pub mod put_tool_pin;
mod view;

use azimuth_domain::tool::ToolRef;
use azimuth_domain::tool_pins::{ToolPin, ToolPins};
use azimuth_ports::tools::{Catalogue, Offered};

use crate::tools::settled_catalogue;

pub use view::{PinStateView, ToolPinView};

/// One tool, with everything that is known of it.
struct Row<'a> {
    tool: ToolRef,
    /// As everybody has it, and how it is offered.
    unsettled: &'a Catalogue,
    /// As the tenant has it.
    settled: &'a Catalogue,
    pin: Option<&'a ToolPin>,
}

/// The tools of a catalogue with what one tenant has settled.
struct Rows<'a> {
    unsettled: &'a Catalogue,
    settled: Catalogue,
    pins: &'a ToolPins,
}

impl<'a> Rows<'a> {
    fn of(unsettled: &'a Catalogue, pins: &'a ToolPins) -> Self {
        Self {
            unsettled,
            settled: settled_catalogue(unsettled, pins),
            pins,
        }
    }

    /// Everything that is pinned, offered or settled, by server and name.
    fn tools(&self) -> Vec<ToolRef> {
        let pinned = self.settled.tools.iter().map(|spec| spec.tool.clone());
        let offered = self.unsettled.offers.iter().flat_map(|(server, offer)| {
            let names = offer.hashes.keys();
            names.map(move |name| ToolRef::new(server, name))
        });
        let settled = self.pins.iter().map(|pin| pin.tool.clone());
        let mut tools: Vec<ToolRef> = pinned.chain(offered).chain(settled).collect();
        tools.sort();
        tools.dedup();
        tools
    }

    fn row(&self, tool: ToolRef) -> Row<'_> {
        Row {
            pin: self.pins.get(&tool),
            tool,
            unsettled: self.unsettled,
            settled: &self.settled,
        }
    }

    /// The tool's row, if there is such a tool.
    fn find(&self, tool: &ToolRef) -> Option<Row<'_>> {
        let is_there = self.settled.get(tool).is_some()
            || self.pins.get(tool).is_some()
            || matches!(self.unsettled.offered(tool), Offered::As(_));
        is_there.then(|| self.row(tool.clone()))
    }
}
