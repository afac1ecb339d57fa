//! `GET /v1/admin/tools`.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use azimuth_domain::tool::ToolRef;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{PinStateView, Rows, ToolPinView};
use crate::http::admin::require_admin;
use crate::http::admin::stored_setting::Stored;
use crate::http::caller::Caller;
use crate::http::conversations::list_conversations::search_text;
use crate::http::etag;
use crate::http::page::{self, PageOf};
use crate::http::query::Query;
use crate::http::states::CatalogueState;
use crate::problem::{Answer, Code, Problem};

/// Which tools.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ToolPinQuery {
    /// Those that stand like this.
    #[param(inline)]
    pub state: Option<PinStateView>,
    /// Those with this in their name or text.
    pub q: Option<String>,
    /// At most this many, 1–100; 50 by default.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    /// Where to go on.
    pub cursor: Option<String>,
}

/// The tools of the caller's tenant, by server and name: what the catalogue names, and
/// what the servers offer, which are asked for it at most once a minute.
#[utoipa::path(
    get,
    path = "/v1/admin/tools",
    operation_id = "list_tool_pins",
    tag = "admin",
    params(ToolPinQuery),
    responses((status = 200, body = PageOf<ToolPinView>, headers(("ETag" = String, description = "Version of what is settled, for If-Match"))))
)]
pub async fn handle(
    State(state): State<CatalogueState>,
    caller: Caller,
    Query(query): Query<ToolPinQuery>,
) -> Answer<Response> {
    require_admin(&caller)?;
    let limit = page::limit(query.limit, 50)?;
    let text = search_text(query.q)?.map(|text| text.to_lowercase());
    let after = page::cursor(query.cursor)?.map(|cursor| read(&cursor));
    let after = after.transpose()?;
    let catalogues = &state.catalogues;
    let tenant = &caller.principal.user.tid;
    let stored = Stored::read(catalogues.pins(), tenant).await?;
    catalogues.look(tenant).await?;
    let unsettled = catalogues.unsettled(tenant).await?;
    let pins = catalogues.that_count(tenant, &stored.item).await?;
    let rows = Rows::of(&unsettled, &pins);
    let mut items = Vec::new();
    let mut next_cursor = None;
    for tool in rows.tools() {
        if after.as_ref().is_some_and(|after| tool <= *after) {
            continue;
        }
        let row = rows.row(tool);
        let is_wanted = query.state.is_none_or(|state| row.state() == state)
            && text.as_ref().is_none_or(|text| row.has(text));
        if !is_wanted {
            continue;
        }
        if items.len() == limit {
            next_cursor = items.last().map(cursor);
            break;
        }
        items.push(row.view());
    }
    let tag = etag::header_value(&stored.version());
    let page = PageOf { items, next_cursor };
    Ok(([(header::ETAG, tag)], Json(page)).into_response())
}

fn cursor(last: &ToolPinView) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}\n{}", last.server, last.tool))
}

fn read(cursor: &str) -> Answer<ToolRef> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let tool = text.as_deref().and_then(|text| text.split_once('\n'));
    tool.map(|(server, name)| ToolRef::new(server, name))
        .ok_or_else(|| Problem::new(Code::CursorInvalid).parameter("cursor"))
}
