//! Pages of the audit.

use azimuth_domain::audit::AuditRecord;
use azimuth_ports::audit::{AuditError, AuditQuery};
use azimuth_ports::cursor;
use azimuth_ports::store::Page;

use super::super::ask::Ask;
use super::super::order::LAST;
use super::{CosmosStore, audit, keys};

const LIST: &str = "audit";
const LONGEST_PAGE: usize = 1000;

impl CosmosStore {
    pub(super) async fn records(
        &self,
        tenant: &str,
        query: &AuditQuery,
    ) -> Result<Page<AuditRecord>, AuditError> {
        let before: Option<String> = query
            .cursor
            .as_deref()
            .map(|text| cursor::read(LIST, text).ok_or(AuditError::BadCursor))
            .transpose()?;
        let limit = query.limit.clamp(1, LONGEST_PAGE);
        let ask = filtered(query)
            .only(
                "c.place < @before",
                "@before",
                before.as_deref().unwrap_or(LAST),
            )
            .ordered_by("c.place DESC")
            .top(limit.saturating_add(1));
        let bodies: Vec<String> = self.audit.all(keys::tenant(tenant), ask).await?;
        let mut items = bodies
            .iter()
            .map(|body| audit::decode(body))
            .collect::<Result<Vec<_>, _>>()?;
        let next_cursor = cursor::cut(&mut items, limit)
            .and_then(|last| cursor::write(LIST, &audit::place(last)));
        Ok(Page { items, next_cursor })
    }
}

fn filtered(query: &AuditQuery) -> Ask {
    let mut ask = Ask::new("c.body", "c.item = 'record'");
    if let Some(oid) = &query.oid {
        ask = ask.only("c.oid = @oid", "@oid", oid);
    }
    if let Some(kind) = query.kind {
        ask = ask.only("c.kind = @kind", "@kind", kind.as_str());
    }
    if let Some(tool) = &query.tool {
        ask = ask.only("c.tool = @tool", "@tool", tool);
    }
    if let Some(outcome) = query.outcome {
        ask = ask.only("c.outcome = @outcome", "@outcome", outcome.as_str());
    }
    if let Some(turn) = &query.turn {
        ask = ask.only("c.turn = @turn", "@turn", turn);
    }
    if let Some(from) = query.from {
        ask = ask.only("c.at >= @from", "@from", from);
    }
    if let Some(until) = query.until {
        ask = ask.only("c.at < @until", "@until", until);
    }
    ask
}
