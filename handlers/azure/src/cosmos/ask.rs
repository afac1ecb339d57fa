//! Questions to a container: one shape of query, whose properties are known to be
//! indexed.

use azure_data_cosmos::Query;
use serde::Serialize;
use serde_json::Value;

use super::failure::Fault;
use super::layout::Layout;

/// `SELECT [TOP n] VALUE <value> FROM c WHERE <condition> [ORDER BY <order>]`.
///
/// One property to order by: that needs no composite index, and a query that runs over
/// several partitions can be merged.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    value: &'static str,
    condition: String,
    order: Option<&'static str>,
    top: Option<usize>,
    parameters: Vec<(&'static str, Value)>,
}

impl Ask {
    /// Asks for `value` of all items that meet `condition`.
    pub(super) fn new(value: &'static str, condition: impl Into<String>) -> Self {
        Self {
            value,
            condition: condition.into(),
            order: None,
            top: None,
            parameters: Vec::new(),
        }
    }

    /// Binds a parameter; what cannot be JSON is null, which equals nothing.
    #[must_use]
    pub(super) fn with(mut self, name: &'static str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).unwrap_or(Value::Null);
        self.parameters.push((name, value));
        self
    }

    /// Adds a condition with its parameter.
    #[must_use]
    pub(super) fn only(
        mut self,
        condition: &'static str,
        name: &'static str,
        value: impl Serialize,
    ) -> Self {
        self.condition.push_str(" AND ");
        self.condition.push_str(condition);
        self.with(name, value)
    }

    /// Orders by one property, `c.seq DESC`.
    #[must_use]
    pub(super) fn ordered_by(mut self, order: &'static str) -> Self {
        self.order = Some(order);
        self
    }

    /// At most this many.
    #[must_use]
    pub(super) fn top(mut self, limit: usize) -> Self {
        self.top = Some(limit);
        self
    }

    /// The query itself, for a container of this layout.
    pub(super) fn query(self, layout: &Layout) -> Result<Query, Fault> {
        debug_assert!(
            self.properties().all(|p| is_indexed(layout, p)),
            "{self:?} asks {} for what is not indexed",
            layout.name
        );
        let mut query = Query::from(self.text());
        for (name, value) in self.parameters {
            query = query.with_parameter(name, value)?;
        }
        Ok(query)
    }

    fn text(&self) -> String {
        let top = self.top.map(|limit| format!("TOP {limit} "));
        let top = top.unwrap_or_default();
        let (value, condition) = (self.value, &self.condition);
        let mut text = format!("SELECT {top}VALUE {value} FROM c WHERE {condition}");
        if let Some(order) = self.order {
            text.push_str(" ORDER BY ");
            text.push_str(order);
        }
        text
    }

    /// What is compared or ordered by.
    fn properties(&self) -> impl Iterator<Item = &str> {
        let texts = [Some(self.condition.as_str()), self.order];
        texts.into_iter().flatten().flat_map(|text| {
            text.split("c.").skip(1).map(|rest| {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                &rest[..end.unwrap_or(rest.len())]
            })
        })
    }
}

fn is_indexed(layout: &Layout, property: &str) -> bool {
    matches!(property, "id" | "_ts") || layout.indexed.contains(&property)
}

#[cfg(test)]
mod tests {
    use super::super::layout::AUDIT;
    use super::*;

    #[test]
    fn a_question_becomes_a_query() {
        let ask = Ask::new("c.body", "c.item = 'record'")
            .only("c.at >= @from", "@from", 5)
            .ordered_by("c.seq DESC")
            .top(3);
        assert_eq!(
            ask.text(),
            "SELECT TOP 3 VALUE c.body FROM c WHERE c.item = 'record' AND c.at >= @from \
             ORDER BY c.seq DESC"
        );
        assert_eq!(ask.properties().collect::<Vec<_>>(), ["item", "at", "seq"]);
        assert!(ask.query(&AUDIT).is_ok());
    }

    #[test]
    #[should_panic(expected = "not indexed")]
    fn what_is_not_indexed_is_not_asked_for() {
        let _ = Ask::new("c.id", "c.nothing = 1").query(&AUDIT);
    }
}
