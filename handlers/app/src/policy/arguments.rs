//! Arguments of a call against the tool's JSON Schema, with errors that a person
//! or a model can act on. No remote reference is followed; errors name places and
//! rules, never values.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use azimuth_domain::canonical::canonical_json;
use azimuth_domain::limits::MAX_ARGUMENT_BYTES;
use azimuth_domain::tool::{ToolRef, ToolSpec};
use jsonschema::{PatternOptions, Validator};
use moka::sync::Cache;
use serde_json::{Map, Value};

/// Deepest nesting of arguments; the object itself is 1.
pub const MAX_ARGUMENT_DEPTH: usize = 64;
/// Compiled schemas that are kept.
const SCHEMAS: u64 = 2_000;
/// Steps that a pattern with look-around may take.
const BACKTRACK_LIMIT: usize = 100_000;
/// Faults that one error names.
const MAX_FAULTS: usize = 5;

/// Why arguments are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArgumentError {
    /// More bytes than a call may carry, as canonical JSON.
    #[error("the arguments have {bytes} bytes; at most {MAX_ARGUMENT_BYTES} are accepted")]
    TooLarge {
        /// How many there are.
        bytes: usize,
    },
    /// Nested too deep.
    #[error("the arguments are nested deeper than {MAX_ARGUMENT_DEPTH} levels")]
    TooDeep,
    /// They do not fit the schema.
    #[error("{detail}")]
    Invalid {
        /// JSON pointer of the first fault, empty for the arguments themselves.
        pointer: String,
        /// All faults, each with its place.
        detail: String,
    },
    /// The tool's own schema cannot be used, so nothing can be checked.
    #[error("the schema of the tool {tool} cannot be used, so its calls are refused: {problem}")]
    SchemaUnusable {
        /// The tool.
        tool: ToolRef,
        /// What is wrong with the schema.
        problem: String,
    },
}

impl ArgumentError {
    /// JSON pointer of the (first) fault, empty for the arguments themselves.
    pub fn pointer(&self) -> &str {
        match self {
            Self::Invalid { pointer, .. } => pointer,
            Self::TooLarge { .. } | Self::TooDeep | Self::SchemaUnusable { .. } => "",
        }
    }
}

type Compiled = Result<Arc<Validator>, String>;

/// Compiled schemas, by tool and its hash.
pub struct ArgumentSchemas(Cache<(ToolRef, String), Compiled>);

impl Default for ArgumentSchemas {
    fn default() -> Self {
        Self::new()
    }
}

impl ArgumentSchemas {
    /// Nothing compiled yet.
    pub fn new() -> Self {
        Self(Cache::new(SCHEMAS))
    }

    /// Checks the arguments of a call: size, depth, schema.
    pub fn check(&self, tool: &ToolSpec, arguments: &Value) -> Result<(), ArgumentError> {
        // Depth first: everything after it recurses.
        if deeper_than(arguments, MAX_ARGUMENT_DEPTH) {
            return Err(ArgumentError::TooDeep);
        }
        let bytes = canonical_json(arguments).len();
        if bytes > MAX_ARGUMENT_BYTES {
            return Err(ArgumentError::TooLarge { bytes });
        }
        let object = arguments
            .as_object()
            .ok_or_else(|| ArgumentError::Invalid {
                pointer: String::new(),
                detail: "the arguments must be a JSON object".to_owned(),
            })?;
        misspelt(tool, object)?;
        let validator = self.compiled(tool)?;
        faults(&validator, arguments)
    }

    fn compiled(&self, tool: &ToolSpec) -> Result<Arc<Validator>, ArgumentError> {
        let key = (tool.tool.clone(), tool.hash.clone());
        self.0
            .get_with(key, || compile(&tool.input_schema))
            .map_err(|problem| ArgumentError::SchemaUnusable {
                tool: tool.tool.clone(),
                problem,
            })
    }
}

fn compile(schema: &Value) -> Compiled {
    jsonschema::options()
        .offline()
        .with_pattern_options(PatternOptions::fancy_regex().backtrack_limit(BACKTRACK_LIMIT))
        .build(schema)
        .map(Arc::new)
        .map_err(|error| error.masked().to_string())
}

fn faults(validator: &Validator, arguments: &Value) -> Result<(), ArgumentError> {
    let mut found = validator.iter_errors(arguments).peekable();
    let Some(first) = found.peek() else {
        return Ok(());
    };
    let pointer = first.instance_path().to_string();
    let mut lines: Vec<String> = found
        .by_ref()
        .take(MAX_FAULTS)
        .map(|fault| match fault.instance_path().to_string() {
            place if place.is_empty() => fault.masked().to_string(),
            place => format!("{place}: {}", fault.masked()),
        })
        .collect();
    let more = found.count();
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    Err(ArgumentError::Invalid {
        pointer,
        detail: lines.join("; "),
    })
}

/// A name that differs from a parameter's in letter case only is refused even
/// where the schema is open: a server that folds case would see an argument that
/// classification and policy did not.
fn misspelt(tool: &ToolSpec, arguments: &Map<String, Value>) -> Result<(), ArgumentError> {
    let Some(Value::Object(declared)) = tool.input_schema.get("properties") else {
        return Ok(());
    };
    for name in arguments
        .keys()
        .filter(|name| !declared.contains_key(*name))
    {
        if let Some(meant) = declared.keys().find(|d| d.eq_ignore_ascii_case(name)) {
            return Err(ArgumentError::Invalid {
                pointer: format!("/{}", name.replace('~', "~0").replace('/', "~1")),
                detail: format!("the parameter is spelt {meant:?}"),
            });
        }
    }
    Ok(())
}

fn deeper_than(value: &Value, levels: usize) -> bool {
    let inner: Box<dyn Iterator<Item = &Value>> = match value {
        Value::Array(items) => Box::new(items.iter()),
        Value::Object(members) => Box::new(members.values()),
        _ => return false,
    };
    levels == 0
        || inner
            .into_iter()
            .any(|value| deeper_than(value, levels - 1))
}
