//! A tenant's policies as text: whether they can be used, and where they cannot.

use std::fmt;
use std::str::FromStr;

use cedar_policy::{Policy, PolicyId, Schema, ValidationMode, Validator};
use miette::Diagnostic;

use super::set::{BUILT_IN_FORBIDS, PolicyError, SCHEMA, as_evaluated, read, verdict};

/// Largest text, bytes.
pub const MAX_TEXT_BYTES: usize = 64 * 1024;
/// Most policies of a text: each is asked at every decision.
pub const MAX_POLICIES: usize = 200;
/// Most operators and brackets of one policy. Evaluation recurses, and its stack ends.
pub const MAX_OPERATORS: usize = 256;
/// Most faults that are told at once.
const MAX_FAULTS: usize = 20;
/// Longest sentence about a fault, characters.
const MAX_MESSAGE_CHARS: usize = 500;

/// What is wrong with a text, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFault {
    /// Line, the first is 1.
    pub line: usize,
    /// Column in characters, the first is 1.
    pub column: usize,
    /// What is wrong and what to do, for people.
    pub message: String,
}

impl fmt::Display for TextFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl TextFault {
    /// About the text as a whole.
    pub(super) fn whole(message: impl fmt::Display) -> Self {
        Self::at("", 0, message)
    }

    fn at(text: &str, offset: usize, message: impl fmt::Display) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let message = message.to_string();
        Self {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.chars().take(MAX_MESSAGE_CHARS).collect(),
        }
    }
}

/// Finds everything that keeps `text` from being a tenant's policies.
pub(super) fn check(text: &str) -> Result<(), Vec<TextFault>> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(vec![TextFault::whole(format!(
            "the policies have {} bytes; at most {MAX_TEXT_BYTES} are possible",
            text.len()
        ))]);
    }
    // Before anything that recurses.
    let statements = statements(text);
    let heavy = statements.iter().filter(|s| s.operators > MAX_OPERATORS);
    let mut faults: Vec<TextFault> = heavy
        .map(|s| {
            let message = format!(
                "a policy has {} operators and brackets; at most {MAX_OPERATORS} are possible: \
                 compare with a set of values, or make several policies of it",
                s.operators
            );
            TextFault::at(text, s.offset, message)
        })
        .collect();
    if statements.len() > MAX_POLICIES {
        let at = statements[MAX_POLICIES].offset;
        let message = format!("at most {MAX_POLICIES} policies are possible");
        faults.push(TextFault::at(text, at, message));
    }
    if faults.is_empty() {
        faults = match cedar_policy::PolicySet::from_str(text) {
            Err(errors) => errors.iter().map(|e| diagnosed(text, 0, e)).collect(),
            Ok(parsed) => faults_of(text, &statements, &parsed),
        };
    }
    faults.truncate(MAX_FAULTS);
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults)
    }
}

fn faults_of(
    text: &str,
    statements: &[Statement],
    parsed: &cedar_policy::PolicySet,
) -> Vec<TextFault> {
    let mut faults = Vec::new();
    let built_in = read(&[BUILT_IN_FORBIDS]).unwrap_or_default();
    let mut set = cedar_policy::PolicySet::new();
    let mut offsets: Vec<(PolicyId, usize)> = Vec::new();
    for template in parsed.templates() {
        let at = offset_of(statements, template.id());
        let message =
            "a policy with a ?slot is a template, and nothing fills it: name whom it is for";
        faults.push(TextFault::at(text, at, message));
    }
    for policy in parsed.policies() {
        let at = offset_of(statements, policy.id());
        let mut fault = |message: String| faults.push(TextFault::at(text, at, message));
        let Some(id) = policy.annotation("id").filter(|id| !id.is_empty()) else {
            fault("a policy needs an id: write @id(\"…\") in front of it".to_owned());
            continue;
        };
        let named = policy.new_id(PolicyId::new(id));
        let is_taken = |other: &PolicyId| other == named.id();
        if offsets.iter().any(|(other, _)| is_taken(other)) {
            fault(format!("another policy has the id {id:?}"));
            continue;
        }
        if built_in.iter().any(|policy| is_taken(policy.id())) {
            fault(format!(
                "the id {id:?} is that of a built-in policy, which holds anyway: take another one"
            ));
            continue;
        }
        offsets.push((named.id().clone(), at));
        for problem in problems(&named) {
            fault(problem);
        }
        if let Err(error) = set.add(named) {
            fault(error.to_string());
        }
    }
    faults.extend(validated(text, &set, &offsets));
    faults.sort_by_key(|fault| (fault.line, fault.column));
    faults
}

/// What our own rules say of one policy.
fn problems(policy: &Policy) -> impl Iterator<Item = String> {
    let told = |error: PolicyError| match error {
        PolicyError::Annotation { problem, .. } | PolicyError::Condition { problem, .. } => problem,
        other => other.to_string(),
    };
    let annotations = verdict(policy).err().map(told);
    let condition = as_evaluated(policy).err().map(told);
    annotations.into_iter().chain(condition)
}

/// What the schema says of all of them.
fn validated(
    text: &str,
    set: &cedar_policy::PolicySet,
    offsets: &[(PolicyId, usize)],
) -> Vec<TextFault> {
    let schema = match Schema::from_cedarschema_str(SCHEMA) {
        Ok((schema, _warnings)) => schema,
        Err(error) => return vec![TextFault::whole(error)],
    };
    let offset = |id: &PolicyId| {
        let found = offsets.iter().find(|(other, _)| other == id);
        found.map_or(0, |(_, offset)| *offset)
    };
    let result = Validator::new(schema).validate(set, ValidationMode::Strict);
    let errors = result
        .validation_errors()
        .map(|error| diagnosed(text, offset(error.policy_id()), error));
    let warnings = result
        .validation_warnings()
        .map(|warning| diagnosed(text, offset(warning.policy_id()), warning));
    errors.chain(warnings).collect()
}

/// A fault as Cedar tells it: at its label, else at `otherwise`.
fn diagnosed(text: &str, otherwise: usize, error: &dyn Diagnostic) -> TextFault {
    let label = error.labels().and_then(|mut labels| labels.next());
    let at = label
        .as_ref()
        .map_or(otherwise, miette::LabeledSpan::offset);
    let mut message = error.to_string();
    for more in [
        label.and_then(|l| l.label().map(str::to_owned)),
        error.help().map(|h| h.to_string()),
    ]
    .into_iter()
    .flatten()
    {
        message.push_str("; ");
        message.push_str(&more);
    }
    TextFault::at(text, at, message)
}

/// One policy in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Statement {
    /// Where it begins.
    offset: usize,
    /// How many operators and brackets it has, about.
    operators: usize,
}

/// Cedar numbers the policies of a text in their order: `policy0`, `policy1`, …
fn offset_of(statements: &[Statement], id: &PolicyId) -> usize {
    let number = id.to_string();
    let number = number.strip_prefix("policy").and_then(|n| n.parse().ok());
    let found = number.and_then(|n: usize| statements.get(n));
    found.map_or(0, |statement| statement.offset)
}

/// The policies of a text, each up to its semicolon; strings and comments are skipped.
fn statements(text: &str) -> Vec<Statement> {
    let mut found = Vec::new();
    let mut open: Option<Statement> = None;
    let mut rest = text.char_indices().peekable();
    while let Some((offset, c)) = rest.next() {
        match c {
            '/' if rest.peek().is_some_and(|(_, next)| *next == '/') => {
                while rest.next_if(|(_, c)| *c != '\n').is_some() {}
            }
            _ if c.is_whitespace() => {}
            ';' => found.extend(open.take()),
            _ => {
                let statement = open.get_or_insert(Statement {
                    offset,
                    operators: 0,
                });
                match c {
                    '"' => skip_string(&mut rest),
                    'i' if text[offset..].starts_with("if") => statement.operators += 1,
                    '&' | '|' | '+' | '-' | '*' | '.' | '(' | '[' | '{' | '!' | '<' | '>' | '=' => {
                        statement.operators += 1;
                        // Of two signs that are one operator, the second.
                        let _ = rest
                            .next_if(|(_, next)| *next == '=' || (*next == c && "&|".contains(c)));
                    }
                    _ => {}
                }
            }
        }
    }
    found.extend(open);
    found
}

fn skip_string(rest: &mut std::iter::Peekable<std::str::CharIndices<'_>>) {
    while let Some((_, c)) = rest.next() {
        match c {
            '\\' => {
                rest.next();
            }
            '"' => return,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_told_apart_and_their_operators_counted() {
        for (text, expected) in [
            ("", vec![]),
            ("a;", vec![(0, 0)]),
            (" a ; b", vec![(1, 0), (5, 0)]),
            ("// c; (\n a;", vec![(9, 0)]),
            ("a / b; c", vec![(0, 0), (7, 0)]),
            (r#"";(" a; b"#, vec![(0, 0), (8, 0)]),
            (r#""\";(" a; b"#, vec![(0, 0), (10, 0)]),
            ("a && b || c", vec![(0, 2)]),
            ("a == b != c", vec![(0, 2)]),
            ("a <= b >= c < d", vec![(0, 3)]),
            ("= =", vec![(0, 2)]),
            ("!!a", vec![(0, 2)]),
            ("(([{", vec![(0, 4)]),
            ("a.b.c", vec![(0, 2)]),
            ("--a", vec![(0, 2)]),
            ("if a then b", vec![(0, 1)]),
            ("&|", vec![(0, 2)]),
        ] {
            let found: Vec<(usize, usize)> = statements(text)
                .iter()
                .map(|statement| (statement.offset, statement.operators))
                .collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
