//! `GET /v1/audit/digests`: how far the audit is sealed, and with what.

use axum::extract::State;
use axum::{Extension, Json};
use azimuth_domain::audit::AuditKind;
use azimuth_domain::audit::digest::{ChainHead, Digest, DigestKey};
use azimuth_domain::ids::{ConversationId, OwnerKey};
use azimuth_domain::principal::Role;
use azimuth_ports::digests::UnsealedChain;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::record_reading;
use crate::http::caller::Caller;
use crate::http::edge::RequestId;
use crate::http::moment::Moment;
use crate::http::page::{self, MAX_LIMIT};
use crate::http::query::Query;
use crate::http::states::AuditState;
use crate::problem::Answer;

/// Most unsealed chains that are looked at.
const MAX_UNSEALED: usize = 1000;

/// Which digests.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct DigestListQuery {
    /// At most this many, 1–100; 20 by default.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    /// Where to go on.
    pub cursor: Option<String>,
}

/// The tenant's digests, newest first, and what none of them covers.
#[derive(Debug, Serialize, ToSchema)]
pub struct DigestPage {
    /// The digests.
    pub items: Vec<DigestView>,
    /// Send it as `?cursor=` for the next page; null at the end.
    pub next_cursor: Option<String>,
    /// The key that signs now.
    pub key: DigestKeyView,
    /// Where the chains stand.
    pub state: SealStateView,
}

/// The key that digests are signed with. Keep it somewhere else: `handler audit
/// verify --key` takes it.
#[derive(Debug, Serialize, ToSchema)]
pub struct DigestKeyView {
    /// First 16 digits of the SHA-256 of its bytes.
    pub id: String,
    /// `Ed25519`, or `ES256` where Key Vault signs.
    pub algorithm: String,
    /// Its bytes in hexadecimal digits: 32, or the 65 of an uncompressed point.
    pub public: String,
}

/// Where the chains stand.
#[derive(Debug, Serialize, ToSchema)]
pub struct SealStateView {
    /// When the newest digest was made: what was written before and is not named
    /// below is sealed.
    pub sealed_up_to: Option<Moment>,
    /// When the oldest record was written that no digest covers; null when all are
    /// covered.
    pub unsealed_since: Option<Moment>,
    /// The chains that go further than the digests, those that wait longest first;
    /// at most 100.
    pub unsealed: Vec<UnsealedChainView>,
}

/// A chain that goes further than the digests.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnsealedChainView {
    /// The chain.
    pub chain: String,
    /// Number of its newest record that a digest covers; 0 when none does.
    pub sealed_seq: u64,
    /// Number of its newest record.
    pub seq: u64,
    /// When its oldest record was written that no digest covers.
    pub since: Moment,
}

/// A digest. An auditor gets it whole, so that its hash can be computed again;
/// everybody else sees of `chains` only their own.
#[derive(Debug, Serialize, ToSchema)]
pub struct DigestView {
    /// Version of this shape.
    pub v: u32,
    /// Whose chains it covers.
    pub tenant: String,
    /// Position among the tenant's digests, from 1.
    pub number: u64,
    /// When it was made.
    pub at: Moment,
    /// How many chains it covers.
    pub chain_count: usize,
    /// Those chains, as far as they are for the caller.
    pub chains: Vec<ChainHeadView>,
    /// Hash of the digest before.
    pub prev_hash: String,
    /// Id of the key that signed it.
    pub key_id: String,
    /// Its hash.
    pub hash: String,
    /// That key's signature, 128 hexadecimal digits.
    pub signature: String,
}

/// How far a digest covers one chain.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChainHeadView {
    /// The chain.
    pub chain: String,
    /// Number of its newest record then.
    pub seq: u64,
    /// Hash of that record.
    pub hash: String,
}

/// How far the audit is sealed: the chains of the caller's own conversations, and
/// for an auditor all of the tenant, which is itself recorded.
#[utoipa::path(
    get,
    path = "/v1/audit/digests",
    operation_id = "list_digests",
    tag = "audit",
    params(DigestListQuery),
    responses((status = 200, body = DigestPage))
)]
pub async fn handle(
    State(state): State<AuditState>,
    Extension(request): Extension<RequestId>,
    caller: Caller,
    Query(query): Query<DigestListQuery>,
) -> Answer<Json<DigestPage>> {
    let limit = page::limit(query.limit, 20)?;
    let cursor = page::cursor(query.cursor)?;
    let user = &caller.principal.user;
    let eyes = if caller.principal.has(Role::Auditor) {
        let detail = "digests of the tenant".to_owned();
        record_reading(&state, &caller, AuditKind::AuditRead, &request.0, detail).await?;
        Eyes::All
    } else {
        Eyes::Own(user.owner())
    };
    let tenant = user.tid.as_str();
    let page = state
        .digests
        .digests(tenant, limit, cursor.as_deref())
        .await?;
    let newest = state.digests.newest_digest(tenant).await?;
    let mut unsealed = state.digests.unsealed(Some(tenant), MAX_UNSEALED).await?;
    unsealed.retain(|chain| eyes.may_see(&chain.head.chain));
    Ok(Json(DigestPage {
        items: page.items.into_iter().map(|d| eyes.view(d)).collect(),
        next_cursor: page.next_cursor,
        key: state.signer.key().into(),
        state: SealStateView {
            sealed_up_to: newest.map(|digest| digest.at.into()),
            unsealed_since: unsealed.first().map(|chain| chain.since.into()),
            unsealed: unsealed
                .into_iter()
                .take(MAX_LIMIT)
                .map(Into::into)
                .collect(),
        },
    }))
}

/// Whose chains the caller may know of.
enum Eyes {
    All,
    Own(OwnerKey),
}

impl Eyes {
    fn may_see(&self, chain: &str) -> bool {
        match self {
            Self::All => true,
            Self::Own(owner) => ConversationId::parse(chain)
                .is_some_and(|conversation| conversation.owner() == *owner),
        }
    }

    fn view(&self, digest: Digest) -> DigestView {
        let chain_count = digest.chains.len();
        let seen = digest.chains.into_iter().filter(|h| self.may_see(&h.chain));
        DigestView {
            v: digest.v,
            tenant: digest.tenant,
            number: digest.number,
            at: digest.at.into(),
            chain_count,
            chains: seen.map(Into::into).collect(),
            prev_hash: digest.prev_hash,
            key_id: digest.key_id,
            hash: digest.hash,
            signature: digest.signature,
        }
    }
}

impl From<ChainHead> for ChainHeadView {
    fn from(head: ChainHead) -> Self {
        Self {
            chain: head.chain,
            seq: head.seq,
            hash: head.hash,
        }
    }
}

impl From<UnsealedChain> for UnsealedChainView {
    fn from(chain: UnsealedChain) -> Self {
        Self {
            chain: chain.head.chain,
            sealed_seq: chain.sealed_seq,
            seq: chain.head.seq,
            since: chain.since.into(),
        }
    }
}

impl From<&DigestKey> for DigestKeyView {
    fn from(key: &DigestKey) -> Self {
        Self {
            id: key.id().to_owned(),
            algorithm: key.algorithm().name().to_owned(),
            public: key.to_hex(),
        }
    }
}
