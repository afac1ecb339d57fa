//! What each role permits: the doors of the API. Which tool a person may call is policy's
//! to say.

use azimuth_domain::principal::Role;

/// Asking questions; every role may.
pub const ASK: &str = "turns.create";

/// What a role permits, sorted.
pub fn of_role(role: Role) -> Vec<&'static str> {
    let own: &[&str] = match role {
        Role::Reader => &["tools.read_only"],
        Role::Operator => &["tools.read_only", "tools.mutating", "tools.destructive"],
        Role::Approver => &["approvals.decide"],
        Role::Auditor => &["audit.read_tenant"],
        Role::Admin => &["administration"],
    };
    let mut names: Vec<&str> = own.iter().copied().chain([ASK]).collect();
    names.sort_unstable();
    names
}

/// What several roles permit, sorted, each once.
pub fn of_roles(roles: impl Iterator<Item = Role>) -> Vec<String> {
    let mut names: Vec<&str> = roles.flat_map(of_role).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_follow_roles() {
        assert!(of_roles([].into_iter()).is_empty());
        assert_eq!(
            of_roles([Role::Approver, Role::Auditor].into_iter()),
            ["approvals.decide", "audit.read_tenant", "turns.create"]
        );
        assert_eq!(
            of_roles([Role::Reader, Role::Operator].into_iter()),
            [
                "tools.destructive",
                "tools.mutating",
                "tools.read_only",
                "turns.create"
            ]
        );
    }
}
