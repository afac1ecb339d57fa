//! The queries that the Azure MCP Server sends to Resource Graph, and no others.
//!
//! ```text
//! resources [| where COND (and COND)*]* [| project COLUMN (, COLUMN)*] [| (limit | take) N]
//! COND = (type | name | resourceGroup | location | subscriptionId | id | tags['KEY'])
//!        (=~ | == | contains) 'TEXT'
//! ```
//! Anything else is refused with the part that is not understood, so that a test never reads an
//! empty answer as a true one. In a text, `''` and `\'` are a quote and `\\` is a backslash.

use serde_json::{Map, Value};

#[derive(Debug, PartialEq, Eq)]
pub struct Query {
    conditions: Vec<Condition>,
    columns: Option<Vec<String>>,
    limit: Option<usize>,
}

#[derive(Debug, PartialEq, Eq)]
struct Condition {
    column: String,
    tag: Option<String>,
    operator: Operator,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    /// `=~`: equal without regard to case.
    Like,
    /// `==`
    Equal,
    /// `contains`: part of it, without regard to case.
    Contains,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Sign(&'static str),
}

/// Columns that a condition may name.
const CONDITION_COLUMNS: &[&str] = &[
    "type",
    "name",
    "resourceGroup",
    "location",
    "subscriptionId",
    "id",
    "tags",
];
/// Columns that `project` may name.
const PROJECT_COLUMNS: &[&str] = &[
    "id",
    "name",
    "type",
    "tenantId",
    "kind",
    "location",
    "resourceGroup",
    "subscriptionId",
    "sku",
    "properties",
    "tags",
];

impl Query {
    /// Reads a query, or says what in it is not understood.
    pub fn parse(text: &str) -> Result<Self, String> {
        let tokens = tokens(text)?;
        let mut stages = tokens.split(|token| *token == Token::Sign("|"));
        match stages.next() {
            Some([Token::Word(table)]) if table.eq_ignore_ascii_case("resources") => {}
            Some([Token::Word(table), ..]) => {
                return Err(format!(
                    "only the table 'resources' is known, not '{table}'"
                ));
            }
            _ => return Err("it does not begin with a table".to_owned()),
        }
        let mut query = Self {
            conditions: Vec::new(),
            columns: None,
            limit: None,
        };
        for stage in stages {
            query.stage(stage)?;
        }
        Ok(query)
    }

    fn stage(&mut self, stage: &[Token]) -> Result<(), String> {
        if self.limit.is_some() {
            return Err("nothing may follow 'limit'".to_owned());
        }
        let [Token::Word(verb), rest @ ..] = stage else {
            return Err("a stage does not begin with an operator".to_owned());
        };
        match verb.to_ascii_lowercase().as_str() {
            "where" if self.columns.is_none() => {
                for part in rest.split(
                    |token| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case("and")),
                ) {
                    self.conditions.push(condition(part)?);
                }
            }
            "project" if self.columns.is_none() => self.columns = Some(columns(rest)?),
            "limit" | "take" => {
                let [Token::Word(number)] = rest else {
                    return Err(format!("'{verb}' needs one number"));
                };
                let number = number
                    .parse()
                    .map_err(|_| format!("'{number}' is not a number of rows"))?;
                self.limit = Some(number);
            }
            _ => return Err(format!("the operator '{verb}' is not known at this place")),
        }
        Ok(())
    }

    /// The rows that fit, in their order.
    pub fn run(&self, rows: impl Iterator<Item = Value>) -> Vec<Value> {
        rows.filter(|row| self.conditions.iter().all(|condition| condition.holds(row)))
            .take(self.limit.unwrap_or(usize::MAX))
            .map(|row| self.project(row))
            .collect()
    }

    fn project(&self, row: Value) -> Value {
        let Some(columns) = &self.columns else {
            return row;
        };
        let picked: Map<String, Value> = columns
            .iter()
            .map(|column| (column.clone(), row[column].clone()))
            .collect();
        Value::Object(picked)
    }
}

impl Condition {
    fn holds(&self, row: &Value) -> bool {
        let value = match &self.tag {
            Some(tag) => &row["tags"][tag],
            None => &row[&self.column],
        };
        let Some(value) = value.as_str() else {
            return false;
        };
        match self.operator {
            Operator::Like => value.eq_ignore_ascii_case(&self.text),
            Operator::Equal => value == self.text,
            Operator::Contains => value
                .to_ascii_lowercase()
                .contains(&self.text.to_ascii_lowercase()),
        }
    }
}

fn condition(tokens: &[Token]) -> Result<Condition, String> {
    let (column, tag, rest) = match tokens {
        [
            Token::Word(column),
            Token::Sign("["),
            Token::Text(tag),
            Token::Sign("]"),
            rest @ ..,
        ] => (column, Some(tag.clone()), rest),
        [Token::Word(column), rest @ ..] => (column, None, rest),
        _ => return Err("a condition does not begin with a column".to_owned()),
    };
    if !CONDITION_COLUMNS.contains(&column.as_str()) || (column == "tags") != tag.is_some() {
        return Err(format!("conditions on '{column}' are not known"));
    }
    let (operator, text) = match rest {
        [Token::Sign("=~"), Token::Text(text)] => (Operator::Like, text),
        [Token::Sign("=="), Token::Text(text)] => (Operator::Equal, text),
        [Token::Word(word), Token::Text(text)] if word == "contains" => (Operator::Contains, text),
        _ => return Err(format!("'{column}' needs =~, == or contains, and one text")),
    };
    Ok(Condition {
        column: column.clone(),
        tag,
        operator,
        text: text.clone(),
    })
}

fn columns(tokens: &[Token]) -> Result<Vec<String>, String> {
    tokens
        .split(|token| *token == Token::Sign(","))
        .map(|part| match part {
            [Token::Word(name)] if PROJECT_COLUMNS.contains(&name.as_str()) => Ok(name.clone()),
            [Token::Word(name), ..] => Err(format!("'project {name}' is not known")),
            _ => Err("'project' needs names of columns".to_owned()),
        })
        .collect()
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first.is_whitespace() {
            rest = &rest[first.len_utf8()..];
            continue;
        }
        if let Some(sign) = ["=~", "==", "|", ",", "[", "]"]
            .into_iter()
            .find(|sign| rest.starts_with(sign))
        {
            found.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else if matches!(first, '\'' | '"') {
            let (content, after) = quoted(rest, first)?;
            found.push(Token::Text(content));
            rest = after;
        } else if first.is_ascii_alphanumeric() || first == '_' {
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            found.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        } else {
            return Err(format!("'{first}' is not understood"));
        }
    }
    Ok(found)
}

fn quoted(text: &str, quote: char) -> Result<(String, &str), String> {
    let mut content = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((place, c)) = chars.next() {
        if c == '\\' {
            content.extend(chars.next().map(|(_, escaped)| escaped));
        } else if c != quote {
            content.push(c);
        } else if chars.next_if(|(_, next)| *next == quote).is_some() {
            content.push(quote);
        } else {
            return Ok((content, &text[place + quote.len_utf8()..]));
        }
    }
    Err("a text has no end".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rows() -> Vec<Value> {
        vec![
            json!({"name": "stdev", "type": "microsoft.storage/storageaccounts", "resourceGroup": "rg-dev",
                   "tags": {"env": "dev"}}),
            json!({"name": "stprod", "type": "microsoft.storage/storageaccounts", "resourceGroup": "rg-prod",
                   "tags": {"env": "prod"}}),
            json!({"name": "vm-1", "type": "microsoft.compute/virtualmachines", "resourceGroup": "rg-dev",
                   "tags": {}}),
        ]
    }

    fn names(query: &str) -> Vec<String> {
        Query::parse(query)
            .unwrap()
            .run(rows().into_iter())
            .iter()
            .map(|row| row["name"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    #[test]
    fn the_queries_of_the_azure_mcp_server_find_their_rows() {
        let list = "resources | where type =~ 'Microsoft.Storage/storageAccounts' | limit 50";
        assert_eq!(names(list), ["stdev", "stprod"]);
        let group = "resources | where type =~ 'Microsoft.Storage/storageAccounts' and resourceGroup =~ 'RG-dev' | limit 50";
        assert_eq!(names(group), ["stdev"]);
        let one = "resources | where type =~ 'Microsoft.Storage/storageAccounts' and name =~ 'STPROD' | limit 1";
        assert_eq!(names(one), ["stprod"]);
    }

    #[test]
    fn stages_may_be_split_and_rows_narrowed() {
        let query = "Resources | where tags['env'] =~ 'dev' | where name contains 'ST' | project name | take 5";
        let found = Query::parse(query).unwrap().run(rows().into_iter());
        assert_eq!(found, [json!({"name": "stdev"})]);
        assert_eq!(names("resources | limit 1"), ["stdev"]);
    }

    #[test]
    fn a_text_ends_where_it_ends() {
        let query = "resources | where name =~ 'x'' | project name | where name =~ ''y' | limit 1";
        let parsed = Query::parse(query).unwrap();
        assert_eq!(parsed.conditions.len(), 1);
        assert_eq!(
            parsed.conditions[0].text,
            "x' | project name | where name =~ 'y"
        );
        assert_eq!(
            Query::parse(r"resources | where name == 'a\\b'")
                .unwrap()
                .conditions[0]
                .text,
            r"a\b"
        );
    }

    #[test]
    fn what_is_not_understood_is_refused_by_name() {
        for (query, part) in [
            ("advisorresources | limit 1", "advisorresources"),
            ("resources | summarize count() by type", "("),
            ("resources | order by name asc", "order"),
            ("resources | where properties.x =~ 'a'", "."),
            ("resources | where sku =~ 'a'", "sku"),
            ("resources | where type != 'a'", "!"),
            ("resources | where type =~ 'a' or name =~ 'b'", "type"),
            ("resources | limit many", "many"),
            ("resources | limit 1 | limit 2", "limit"),
            ("resources | where name =~ 'a", "end"),
            ("resources | project secret", "secret"),
            ("", "table"),
        ] {
            let reason = Query::parse(query).unwrap_err();
            assert!(reason.contains(part), "{query}: {reason}");
        }
    }
}
