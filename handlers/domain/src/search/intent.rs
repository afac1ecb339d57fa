//! What a sentence wants done, and what a tool's name says it does.

use super::stem::stem;

/// The kinds of doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Intent {
    /// List, show, get, find.
    Read,
    /// Make something new.
    Create,
    /// Change something that stands.
    Update,
    /// Remove something.
    Delete,
    /// Start, stop, restart.
    Power,
    /// Run, send, publish.
    Run,
}

impl Intent {
    /// Whether it changes the world.
    pub fn changes(self) -> bool {
        !matches!(self, Self::Read | Self::Run)
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "read" => Self::Read,
            "create" => Self::Create,
            "update" => Self::Update,
            "delete" => Self::Delete,
            "power" => Self::Power,
            "run" => Self::Run,
            _ => return None,
        })
    }

    /// What a word of a tool's name does, when it is a verb.
    fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "list" | "get" | "show" | "detail" | "find" | "check" | "search" | "describe"
            | "read" | "summary" => Self::Read,
            "create" | "createorupdate" | "add" | "provision" | "register" | "import" | "new" => {
                Self::Create
            }
            "update" | "set" | "rename" | "modify" | "edit" | "change" | "enable" => Self::Update,
            "delete" | "remove" | "destroy" | "unregister" => Self::Delete,
            "power" | "start" | "stop" | "restart" | "pause" | "resume" | "end" | "cancel" => {
                Self::Power
            }
            "run" | "send" | "publish" | "query" | "execute" | "upload" => Self::Run,
            _ => return None,
        })
    }
}

/// A tool's name taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NameParts {
    /// The words that say what it works on, in order, as stems.
    pub nouns: Vec<String>,
    /// The words that say what it does, as stems.
    pub verbs: Vec<String>,
    /// What it does.
    pub intent: Option<Intent>,
}

impl NameParts {
    /// `compute_vm_power-state`, `longRunningOperation`, `get-sum`.
    pub fn of(name: &str) -> Self {
        let segments: Vec<&str> = name.split('_').filter(|s| !s.is_empty()).collect();
        let mut parts = Self {
            nouns: Vec::new(),
            verbs: Vec::new(),
            intent: None,
        };
        for (position, segment) in segments.iter().enumerate() {
            let last = position + 1 == segments.len();
            // The state of a power or of an app is what the verb changes, not a thing.
            if last && matches!(*segment, "power-state" | "change-state") {
                parts.verbs.extend(segment.split('-').map(stem));
                parts.intent = Some(Intent::Power);
                continue;
            }
            for word in words(segment) {
                match Intent::of_word(&word) {
                    Some(intent) if last || segments.len() == 1 => {
                        parts.intent.get_or_insert(intent);
                        parts.verbs.push(word);
                    }
                    _ => parts.nouns.push(word),
                }
            }
        }
        if parts.nouns.is_empty() {
            parts.nouns.clone_from(&parts.verbs);
        }
        parts
    }
}

/// Words of one segment: parted by hyphens and by capitals.
fn words(segment: &str) -> Vec<String> {
    let mut words = Vec::new();
    for piece in segment.split(['-', '.', '/']) {
        let mut start = 0;
        let mut before_lower = false;
        for (at, c) in piece.char_indices() {
            if c.is_uppercase() && before_lower {
                words.push(stem(&piece[start..at]));
                start = at;
            }
            before_lower = c.is_lowercase() || c.is_ascii_digit();
        }
        if start < piece.len() {
            words.push(stem(&piece[start..]));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_apart() {
        for (name, nouns, intent) in [
            ("group_list", &["group"][..], Some(Intent::Read)),
            (
                "compute_vm_power-state",
                &["compute", "vm"],
                Some(Intent::Power),
            ),
            (
                "appservice_webapp_settings_get-appsettings",
                &["appservice", "webapp", "setting", "appsetting"],
                Some(Intent::Read),
            ),
            (
                "longRunningOperation",
                &["long", "running", "operation"],
                None,
            ),
            ("echo", &["echo"], None),
            ("add", &["add"], Some(Intent::Create)),
            ("get-sum", &["sum"], Some(Intent::Read)),
            ("", &[], None),
            ("__", &[], None),
        ] {
            let parts = NameParts::of(name);
            assert_eq!(parts.nouns, nouns, "{name}");
            assert_eq!(parts.intent, intent, "{name}");
        }
    }
}
