//! Ids in paths. What is no id names nothing: 404, never 400.

use axum::extract::{FromRequestParts, Path};
use azimuth_domain::approval_grant::GrantId;
use azimuth_domain::ids::{ApprovalId, CallId, ConversationId, OwnerKey, TurnId};
use azimuth_domain::session::SessionId;
use http::request::Parts;

use super::refusals::{Asked, NamedId};
use crate::auth::verifier::is_guid;
use crate::problem::{Code, Problem};

/// The one answer for what does not exist and for what is not the caller's.
pub fn not_found() -> Problem {
    Problem::new(Code::NotFound)
}

/// Something that a path segment can name.
pub trait PathName: Sized + Send {
    /// Reads the decoded segment.
    fn read(text: &str) -> Option<Self>;

    /// Whose it is, where the name tells.
    fn owner(&self) -> Option<OwnerKey>;
}

macro_rules! named {
    ($($id:ident),+) => {
        $(impl PathName for $id {
            fn read(text: &str) -> Option<Self> {
                Self::parse(text)
            }

            fn owner(&self) -> Option<OwnerKey> {
                Some(self.owner())
            }
        })+
    };
}

named!(ApprovalId, CallId, ConversationId, SessionId, TurnId);

/// Object id of a person in the caller's tenant, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oid(pub String);

/// An object id alone names nobody outside of the caller's tenant.
impl PathName for Oid {
    fn read(text: &str) -> Option<Self> {
        is_guid(text).then(|| Self(text.to_ascii_lowercase()))
    }

    fn owner(&self) -> Option<OwnerKey> {
        None
    }
}

/// An approval is named inside its conversation.
impl PathName for GrantId {
    fn read(text: &str) -> Option<Self> {
        Self::parse(text)
    }

    fn owner(&self) -> Option<OwnerKey> {
        None
    }
}

/// Name of a tool or of a tool server: 1–128 characters, none of them control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolName(pub String);

impl PathName for ToolName {
    fn read(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.len() <= 128 && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned()))
    }

    fn owner(&self) -> Option<OwnerKey> {
        None
    }
}

/// The only parameter of the path.
#[derive(Debug, Clone)]
pub struct PathId<T>(pub T);

impl<S: Send + Sync, T: PathName> FromRequestParts<S> for PathId<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| not_found())?;
        let name = T::read(&text).ok_or_else(not_found)?;
        tell(parts, [named(&name, text)]);
        Ok(Self(name))
    }
}

/// Both parameters of the path.
#[derive(Debug, Clone)]
pub struct PathPair<A, B>(pub A, pub B);

impl<S: Send + Sync, A: PathName, B: PathName> FromRequestParts<S> for PathPair<A, B> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path((a, b)) = Path::<(String, String)>::from_request_parts(parts, state)
            .await
            .map_err(|_| not_found())?;
        match (A::read(&a), B::read(&b)) {
            (Some(first), Some(second)) => {
                tell(parts, [named(&first, a), named(&second, b)]);
                Ok(Self(first, second))
            }
            _ => Err(not_found()),
        }
    }
}

fn named(name: &impl PathName, id: String) -> Option<NamedId> {
    let owner = name.owner()?;
    Some(NamedId { owner, id })
}

/// Leaves what the path names for the layer that records refusals.
fn tell<const N: usize>(parts: &Parts, named: [Option<NamedId>; N]) {
    if let Some(asked) = parts.extensions.get::<Asked>() {
        asked.names(named.into_iter().flatten().collect());
    }
}
