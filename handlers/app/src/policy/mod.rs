//! Who may do what: the one decision function, over Cedar policies.
//!
//! **Invariants:** deny wins; what no policy permits is denied; an error while
//! deciding denies; a set that does not validate against the schema, or that uses
//! an annotation we do not know, cannot be made; what a call leaves open counts against
//! it (`bounds.rs`).

pub mod approval;
pub mod arguments;
mod bounds;
pub mod files;
mod names;
mod request;
mod scope;
mod set;
pub mod simulate;
mod tags;
mod tenants;
mod text;
mod visibility;

#[cfg(test)]
mod tests;

pub use approval::MayNotDecide;
pub use request::PolicyInput;
pub(crate) use scope::{approval_scope, is_guid, is_same_place};
pub(crate) use set::Remembered;
pub use set::{BUILT_IN_FORBIDS, BUILT_IN_PERMITS, PolicyError, PolicySet};
pub(crate) use tags::place_of_call;
pub use tags::{KnownTags, TaggedPlaces};
pub use tenants::Policies;
pub use text::{MAX_TEXT_BYTES, TextFault};
