//! The subscriptions that a listing found.

use serde_json::Value;

use super::render::{parse, rows_of};

/// The tool that lists them.
pub const LIST_SUBSCRIPTIONS: &str = "subscription_list";
/// The tool that lists the resource groups of one.
pub const LIST_GROUPS: &str = "group_list";

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
}

impl Subscription {
    /// Whether `text` means this one.
    pub fn is(&self, text: &str) -> bool {
        self.id.eq_ignore_ascii_case(text) || self.name.to_lowercase() == text.to_lowercase()
    }
}

/// The subscriptions in a result of [`LIST_SUBSCRIPTIONS`]; those that are
/// switched off are left out.
pub fn subscriptions(content: &str) -> Vec<Subscription> {
    let Some(result) = parse(content) else {
        return Vec::new();
    };
    rows_of(&result)
        .into_iter()
        .filter(|row| {
            row.get("state")
                .and_then(Value::as_str)
                .is_none_or(|s| s != "Disabled" && s != "Deleted")
        })
        .filter_map(|row| {
            let id = row
                .get("subscriptionId")
                .or_else(|| row.get("id"))?
                .as_str()?;
            let id = id.rsplit('/').next().filter(|id| !id.is_empty())?;
            let name = row
                .get("displayName")
                .or_else(|| row.get("name"))
                .and_then(Value::as_str);
            Some(Subscription {
                id: id.to_owned(),
                name: name.unwrap_or(id).to_owned(),
            })
        })
        .collect()
}

/// Whether a result of [`LIST_GROUPS`] has a group of that name.
pub fn has_group(content: &str, group: &str) -> bool {
    parse(content).is_some_and(|result| {
        rows_of(&result)
            .into_iter()
            .filter_map(|row| row.get("name").and_then(Value::as_str))
            .any(|name| name.eq_ignore_ascii_case(group))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_what_the_azure_tool_says() {
        let content = json!({"status":200,"message":"Success","results":{"subscriptions":[
            {"subscriptionId":"s1","displayName":"Contoso-Dev","state":"Enabled","isDefault":false},
            {"subscriptionId":"s2","displayName":"Old","state":"Disabled"},
            {"id":"/subscriptions/s3"},
            {"nothing":1}
        ]},"duration":0})
        .to_string();
        assert_eq!(
            subscriptions(&content),
            [
                Subscription {
                    id: "s1".into(),
                    name: "Contoso-Dev".into()
                },
                Subscription {
                    id: "s3".into(),
                    name: "s3".into()
                },
            ]
        );
        assert!(subscriptions(&content)[0].is("contoso-dev"));
        assert_eq!(subscriptions("no json"), []);
    }

    #[test]
    fn groups_are_compared_as_azure_does() {
        let content = r#"{"status":200,"message":"Success","results":{"groups":[{"name":"RG-Dev"}]},"duration":0}"#;
        assert!(has_group(content, "rg-dev"));
        assert!(!has_group(content, "rg"));
    }
}
