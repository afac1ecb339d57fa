//! The singular of an English word, roughly: both sides of a comparison go
//! through it, so that it need not be a word.

/// `text` in lower case without a plural ending.
pub fn stem(text: &str) -> String {
    let mut word = text.to_lowercase();
    if let Some(bare) = word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")) {
        word.truncate(bare.len());
    }
    if word.len() <= 3 || !word.is_ascii() {
        return word;
    }
    if word.ends_with("ies") && word.len() > 4 {
        word.truncate(word.len() - 3);
        word.push('y');
    } else if ["sses", "shes", "rches", "tches", "xes", "uses"]
        .iter()
        .any(|e| word.ends_with(e))
    {
        word.truncate(word.len() - 2);
    } else if word.ends_with('s') && !["ss", "us", "is"].iter().any(|e| word.ends_with(e)) {
        word.truncate(word.len() - 1);
    }
    word
}

#[cfg(test)]
mod tests {
    use super::stem;

    #[test]
    fn plural_and_singular_meet() {
        for (plural, singular) in [
            ("Accounts", "account"),
            ("policies", "policy"),
            ("registries", "registry"),
            ("indexes", "index"),
            ("addresses", "address"),
            ("statuses", "status"),
            ("databases", "database"),
            ("vault's", "vault"),
            ("caches", "cache"),
            ("searches", "search"),
        ] {
            assert_eq!(stem(plural), singular);
        }
        for same in ["redis", "status", "aks", "access", "dns", "서버"] {
            assert_eq!(stem(same), same);
        }
    }
}
