//! What a key vault answers to somebody without a token
//! (learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses).

use reqwest::Url;

/// The resource that `Bearer authorization="…", resource="…"` names; the newer form
/// names it as a scope.
pub(super) fn resource(challenge: &str) -> Option<String> {
    let parameters = challenge.strip_prefix("Bearer ")?;
    let named = |name: &str| {
        parameters.split([',', ' ']).find_map(|parameter| {
            let value = parameter.strip_prefix(name)?.strip_prefix('=')?;
            Some(value.trim_matches('"').to_owned())
        })
    };
    named("resource").or_else(|| {
        let scope = named("scope")?;
        Some(scope.trim_end_matches("/.default").to_owned())
    })
}

/// The scope of that resource, provided that `vault` is one of its hosts: whoever
/// answers in the vault's place must not get a token for anything else.
pub(super) fn scope(resource: &str, vault: &Url) -> Option<String> {
    let url = Url::parse(resource).ok()?;
    let domain = url.host_str()?;
    let name = vault.host_str()?.strip_suffix(domain)?;
    let is_plain = url.scheme() == "https" && url.path() == "/" && url.query().is_none();
    (is_plain && name.len() > 1 && name.ends_with('.'))
        .then(|| format!("{}/.default", resource.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_name_the_resource() {
        for challenge in [
            r#"Bearer authorization="https://login.test/t", resource="https://vault.test""#,
            r#"Bearer resource="https://vault.test", authorization="https://login.test/t""#,
            r#"Bearer authorization="https://login.test/t", scope="https://vault.test/.default""#,
            "Bearer authorization=https://login.test/t,resource=https://vault.test",
        ] {
            assert_eq!(resource(challenge).as_deref(), Some("https://vault.test"));
        }
        for challenge in ["", "Basic realm=\"x\"", "Bearer", "Bearer realm=\"x\""] {
            assert_eq!(resource(challenge), None, "{challenge}");
        }
    }

    #[test]
    #[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    fn a_vault_may_ask_for_a_token_of_its_own_domain_only() {
        let vault = Url::parse("https://kv.vault.test/").unwrap();
        for resource in ["https://vault.test", "https://vault.test/"] {
            let scope = scope(resource, &vault);
            assert_eq!(scope.as_deref(), Some("https://vault.test/.default"));
        }
        for foreign in [
            "https://management.test",
            "https://kv.vault.test",
            "https://v.vault.test",
            "https://ault.test",
            "http://vault.test",
            "https://vault.test/more",
            "https://vault.test/?more",
            "vault.test",
            "",
        ] {
            assert_eq!(scope(foreign, &vault), None, "{foreign}");
        }
    }
}
