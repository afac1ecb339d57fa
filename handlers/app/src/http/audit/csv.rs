//! Audit records as CSV, safe to open in a spreadsheet.

use std::borrow::Cow;

use azimuth_domain::audit::AuditRecord;
use azimuth_domain::canonical::canonical_json;
use csv::{QuoteStyle, WriterBuilder};
use serde_json::Value;

/// Columns, in order.
const COLUMNS: [&str; 33] = [
    "chain",
    "seq",
    "at",
    "kind",
    "tid",
    "oid",
    "acting_identity",
    "turn_id",
    "call_id",
    "attempt",
    "purpose",
    "tool",
    "tool_hash",
    "arguments",
    "target",
    "approval_digest",
    "decided_by",
    "approval_grant",
    "policy_version",
    "correlation_id",
    "token_uti",
    "azure_request_id",
    "hosts",
    "outcome",
    "duration_ms",
    "result_sha256",
    "detail",
    "area",
    "before",
    "after",
    "writer",
    "prev_hash",
    "hash",
];

/// The header line.
pub(super) fn header() -> Vec<u8> {
    write(&COLUMNS.map(str::to_owned))
}

/// One line.
pub(super) fn line(record: &AuditRecord) -> Vec<u8> {
    let entry = &record.entry;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let json = |value: &Option<Value>| value.as_ref().map(canonical_json).unwrap_or_default();
    let acting = crate::http::audit::view::ActingIdentityView::from(entry.acting_identity);
    write(&[
        record.chain.clone(),
        record.seq.to_string(),
        record.at.to_string(),
        entry.kind.as_str().to_owned(),
        entry.tid.clone(),
        entry.oid.clone(),
        format!("{acting:?}").to_lowercase(),
        entry
            .turn_id
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        entry
            .call_id
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        entry.attempt.map(|n| n.to_string()).unwrap_or_default(),
        entry
            .purpose
            .map(|kind| kind.as_str().to_owned())
            .unwrap_or_default(),
        text(&entry.tool),
        text(&entry.tool_hash),
        json(&entry.arguments),
        text(&entry.target),
        text(&entry.approval_digest),
        text(&entry.decided_by),
        text(&entry.approval_grant),
        text(&entry.policy_version),
        text(&entry.correlation_id),
        text(&entry.token_uti),
        text(&entry.azure_request_id),
        entry.hosts.join(" "),
        entry
            .outcome
            .map(|o| o.as_str().to_owned())
            .unwrap_or_default(),
        entry.duration_ms.map(|n| n.to_string()).unwrap_or_default(),
        text(&entry.result_sha256),
        text(&entry.detail),
        text(&entry.area),
        json(&entry.before),
        json(&entry.after),
        entry.writer.clone(),
        record.prev_hash.clone(),
        record.hash.clone(),
    ])
}

/// Writing into memory does not fail; a line that did would be left out.
fn write(fields: &[String]) -> Vec<u8> {
    let mut writer = WriterBuilder::new()
        .quote_style(QuoteStyle::Always)
        .from_writer(Vec::new());
    let guarded = fields.iter().map(|field| guard(field).into_owned());
    match writer.write_record(guarded) {
        Ok(()) => writer.into_inner().unwrap_or_default(),
        Err(error) => {
            tracing::error!(%error, "a CSV line could not be written");
            Vec::new()
        }
    }
}

/// Puts an apostrophe before everything that a spreadsheet would take for a formula
/// (OWASP, "CSV Injection"): at the beginning of the field, and after whatever some
/// spreadsheet takes for the end of a cell.
fn guard(field: &str) -> Cow<'_, str> {
    let ends = field.match_indices([';', '\t', ',']);
    let starts = ends.map(|(at, end)| at + end.len());
    let mut guarded = String::new();
    let mut copied = 0;
    if is_formula(field) || is_blank_led(field) {
        guarded.push('\'');
    }
    for start in starts.filter(|&start| is_formula(&field[start..])) {
        guarded.push_str(&field[copied..start]);
        guarded.push('\'');
        copied = start;
    }
    if guarded.is_empty() {
        return Cow::Borrowed(field);
    }
    guarded.push_str(&field[copied..]);
    Cow::Owned(guarded)
}

fn is_formula(cell: &str) -> bool {
    cell.trim_start_matches(['"', '\'', ' ', '\r', '\n'])
        .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

/// Spreadsheets drop these and read what follows.
fn is_blank_led(field: &str) -> bool {
    field
        .trim_start_matches(['"', '\''])
        .starts_with(['\t', '\r', '\n'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use azimuth_domain::audit::{AuditEntry, AuditKind};
    use azimuth_domain::principal::UserKey;
    use azimuth_domain::time::Timestamp;

    #[test]
    fn formulas_are_text() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\"=1", "＝1"] {
            assert!(guard(formula).starts_with('\''), "{formula}");
        }
        for plain in ["", "a=b", "azure/storage_account_create", "1"] {
            assert_eq!(guard(plain), plain);
        }
    }

    #[test]
    fn formulas_inside_a_field_are_text() {
        for (field, guarded) in [
            ("a;=1", "a;'=1"),
            ("a\t+1", "a\t'+1"),
            ("a,-1", "a,'-1"),
            ("a, \"@x", "a,' \"@x"),
            ("a;;\t＝1", "a;;\t'＝1"),
            ("=1;=2,b", "'=1;'=2,b"),
            ("=1", "'=1"),
            (";=", ";'="),
            ("a;b,c\td", "a;b,c\td"),
            (";", ";"),
            ("a=b;c-d", "a=b;c-d"),
            (r#"{"a":-1,"b":"c"}"#, r#"{"a":-1,"b":"c"}"#),
        ] {
            assert_eq!(guard(field), guarded);
        }
    }

    #[test]
    fn every_field_is_quoted() {
        let text = write(&["a".to_owned(), String::new(), "=\"1".to_owned()]);
        assert_eq!(text, b"\"a\",\"\",\"'=\"\"1\"\n");
    }

    #[test]
    fn a_line_has_every_column_and_stays_one_record() {
        let fields = AuditEntry {
            detail: Some("=HYPERLINK(\"x\"),\n\"quoted\"".to_owned()),
            ..AuditEntry::of_user(AuditKind::Open, "w".to_owned(), &UserKey::new("t", "o"))
        };
        let record = AuditRecord::next(None, "t", "admin-x-2026-11-24", "id", Timestamp(0), fields);
        let text = [header(), line(&record)].concat();
        let mut reader = csv::Reader::from_reader(text.as_slice());
        let rows: Vec<csv::StringRecord> = reader.records().filter_map(Result::ok).collect();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].len(), COLUMNS.len());
        let fields: Vec<(&str, &str)> = COLUMNS.into_iter().zip(&rows[0]).collect();
        assert!(fields.contains(&("acting_identity", "none")));
        assert!(fields.contains(&("detail", "'=HYPERLINK(\"x\"),\n\"quoted\"")));
    }
}
