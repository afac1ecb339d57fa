//! Tools that a message names outright: `/storage_account_get`,
//! `/azure/storage_account_get`.

/// The names behind slashes, in order, without the slash: `tool` or
/// `server/tool`. A slash counts at the start and after white space; whether
/// the name is a tool is for the caller to look up (`/help` and the first parts
/// of a path come out too).
pub fn named_tools(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for (at, _) in text.match_indices('/') {
        if !text[..at]
            .chars()
            .next_back()
            .is_none_or(char::is_whitespace)
        {
            continue;
        }
        let rest = &text[at + 1..];
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
        let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let name = &rest[..end];
        let parts: Vec<&str> = name.split('/').collect();
        if parts.len() <= 2 && parts.iter().all(|part| !part.is_empty()) {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::named_tools;

    #[test]
    fn finds_names_behind_slashes() {
        for (text, expected) in [
            (
                "/storage_account_get subscription=Contoso-Dev",
                vec!["storage_account_get"],
            ),
            (
                "  /azure/storage_account_get",
                vec!["azure/storage_account_get"],
            ),
            (
                "use /group_list and\n/subscription_list",
                vec!["group_list", "subscription_list"],
            ),
            ("/group_list를 실행해", vec!["group_list"]),
            ("/help", vec!["help"]),
            ("either/or and 1/2", vec![]),
            ("/subscriptions/1/resourceGroups/rg-dev", vec![]),
            ("/ // /a/", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(named_tools(text), expected, "{text}");
        }
    }
}
