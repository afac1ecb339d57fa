//! Faults that tests order: answers that come late, wrong or never.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

/// Which requests a fault meets: all members that are given must fit, without regard to case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Match {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_contains: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_contains: Option<String>,
}

/// When a fault strikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Before the request is looked at: a client that leaves during the delay has changed nothing.
    #[default]
    Before,
    /// After it took effect: a client that leaves during the delay cannot know.
    After,
}

/// The order for a fault, as `POST /sandbox/faults` takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    #[serde(rename = "match", default)]
    pub matches: Match,
    #[serde(default)]
    pub when: When,
    #[serde(default)]
    pub delay_ms: u64,
    /// Answer this instead (100–599); absent: the true answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How many requests it meets; absent: all until it is removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

/// A fault in force.
#[derive(Clone, Debug, Serialize)]
pub struct Standing {
    pub id: u64,
    pub hits: u64,
    #[serde(flatten)]
    pub fault: Fault,
}

#[derive(Debug, Default)]
pub struct Faults {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    last: u64,
    standing: Vec<Standing>,
}

impl Faults {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn add(&self, fault: Fault) -> Standing {
        let mut inner = self.lock();
        inner.last += 1;
        let standing = Standing {
            id: inner.last,
            hits: 0,
            fault,
        };
        inner.standing.push(standing.clone());
        standing
    }

    pub fn list(&self) -> Vec<Standing> {
        self.lock().standing.clone()
    }

    pub fn clear(&self) {
        self.lock().standing.clear();
    }

    /// The oldest fault with something left that fits this request; it counts as a hit.
    pub fn strike(&self, method: &str, host: &str, path: &str) -> Option<Fault> {
        let mut inner = self.lock();
        let found = inner.standing.iter_mut().find(|standing| {
            standing
                .fault
                .count
                .is_none_or(|count| standing.hits < count)
                && fits(&standing.fault.matches, method, host, path)
        })?;
        found.hits += 1;
        Some(found.fault.clone())
    }
}

fn fits(matches: &Match, method: &str, host: &str, path: &str) -> bool {
    let contains = |whole: &str, part: &Option<String>| {
        part.as_ref().is_none_or(|part| {
            whole
                .to_ascii_lowercase()
                .contains(&part.to_ascii_lowercase())
        })
    };
    matches
        .method
        .as_ref()
        .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
        && contains(path, &matches.path_contains)
        && contains(host, &matches.host_contains)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counted_fault_meets_only_so_many_and_only_what_fits() {
        let faults = Faults::default();
        let order = r#"{"match":{"method":"delete","path_contains":"virtualMachines"},"status":503,"count":1}"#;
        faults.add(serde_json::from_str(order).unwrap());
        let path = "/subscriptions/x/providers/microsoft.compute/virtualmachines/vm";
        assert!(faults.strike("GET", "management.azure.com", path).is_none());
        assert_eq!(
            faults
                .strike("DELETE", "management.azure.com", path)
                .unwrap()
                .status,
            Some(503)
        );
        assert!(
            faults
                .strike("DELETE", "management.azure.com", path)
                .is_none()
        );
        assert_eq!(faults.list()[0].hits, 1);
    }

    #[test]
    fn an_order_with_an_unknown_member_is_refused() {
        assert!(serde_json::from_str::<Fault>(r#"{"delay":5}"#).is_err());
    }
}
