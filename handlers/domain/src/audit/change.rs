//! What an administrator's change was, in the audit.

use serde_json::{Value, json};

use crate::canonical::{canonical_json, sha256_hex};

/// Largest state before or after a change that is kept whole, bytes of canonical JSON.
pub const MAX_STATE_BYTES: usize = 32 * 1024;

/// `state` as the audit keeps it: whole, or its size and the SHA-256 of its canonical
/// JSON where it is larger than [`MAX_STATE_BYTES`]. Secrets must be out of it already.
pub fn bounded(state: Value) -> Value {
    let text = canonical_json(&state);
    if text.len() <= MAX_STATE_BYTES {
        return state;
    }
    json!({"left_out_bytes": text.len(), "sha256": sha256_hex(&text)})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{AuditEntry, AuditKind, AuditRecord};
    use crate::principal::UserKey;
    use crate::time::Timestamp;

    /// What the build before this module gave.
    const RECORDED: &str = "52ebfc54a15eb6c3278f5603b5ce7665b25c64bdf2dd02556a08bdfea4e92830";

    #[test]
    fn a_state_is_kept_up_to_its_limit() {
        assert_eq!(MAX_STATE_BYTES, 32_768);
        for (bytes, fits) in [
            (MAX_STATE_BYTES - 1, true),
            (MAX_STATE_BYTES, true),
            (MAX_STATE_BYTES + 1, false),
        ] {
            // Two quotes.
            let state = Value::String("x".repeat(bytes - 2));
            let kept = bounded(state.clone());
            assert_eq!(kept == state, fits, "{bytes}");
            if !fits {
                assert_eq!(kept["left_out_bytes"], bytes);
                assert_eq!(kept["sha256"], sha256_hex(canonical_json(&state)));
            }
        }
        assert_eq!(bounded(Value::Null), Value::Null);
    }

    #[test]
    fn a_record_of_anything_else_is_spelt_as_before() {
        let user = UserKey::new("t", "o");
        let entry = AuditEntry::of_user(AuditKind::Denied, "w".to_owned(), &user);
        let record = AuditRecord::next(None, "t", "c", "id", Timestamp(1), entry);
        let text = serde_json::to_string(&record).unwrap_or_default();
        for member in ["area", "before", "after"] {
            assert!(!text.contains(&format!("\"{member}\"")), "{text}");
        }
        assert_eq!(record.hash, RECORDED);
    }
}
