//! The people, tenants, subscriptions and applications of the sandbox, with who may do what.
//!
//! Every identifier is fixed, so that scripts can name it, and begins with zeros, so that nobody
//! takes it for a real one.

use std::sync::LazyLock;

/// Application id of our own API: the audience of the tokens that the portal sends.
pub const API_CLIENT: &str = "00000000-0000-4000-8000-0000000000a1";
/// Application id of the portal: a public client (PKCE, no secret).
pub const PORTAL_CLIENT: &str = "00000000-0000-4000-8000-0000000000a2";
/// Secret of the API's application for on-behalf-of. It opens nothing but this sandbox.
pub const API_CLIENT_SECRET: &str = "sandbox-client-secret-not-a-secret";
/// Fabrikam's own application of our API: that tenant may be served by it in the place of the
/// other.
pub const FABRIKAM_API_CLIENT: &str = "00000000-0000-4000-8000-0000000000a3";
/// Its secret; no identity vouches for it.
pub const FABRIKAM_API_CLIENT_SECRET: &str = "fabrikam-client-secret-not-a-secret";
/// Value of `X-IDENTITY-HEADER` at the sandbox's managed-identity endpoint.
pub const IDENTITY_HEADER: &str = "sandbox-identity-header-not-a-secret";
/// The only delegated permission of our API.
pub const API_SCOPE: &str = "access_as_user";

/// An application of our API: tokens are for it, and it exchanges them.
#[derive(Debug, PartialEq, Eq)]
pub struct Api {
    pub client: &'static str,
    pub secret: &'static str,
    /// The only tenant that knows it; all do without.
    pub tenant: Option<&'static str>,
    /// Whether a token of the managed identity stands in the place of the secret.
    pub is_federated: bool,
}

impl Api {
    /// Whether people of this tenant can have tokens for it.
    pub fn serves(&self, tenant: &str) -> bool {
        self.tenant.is_none_or(|only| only == tenant)
    }
}

pub static APIS: [Api; 2] = [
    Api {
        client: API_CLIENT,
        secret: API_CLIENT_SECRET,
        tenant: None,
        is_federated: true,
    },
    Api {
        client: FABRIKAM_API_CLIENT,
        secret: FABRIKAM_API_CLIENT_SECRET,
        tenant: Some(FABRIKAM),
        is_federated: false,
    },
];

/// The application of that id.
pub fn api(client: &str) -> Option<&'static Api> {
    APIS.iter().find(|api| api.client == client)
}

#[derive(Debug)]
pub struct Tenant {
    pub id: &'static str,
    pub name: &'static str,
    pub domain: &'static str,
}

#[derive(Debug)]
pub struct Subscription {
    pub id: &'static str,
    pub name: &'static str,
    pub tenant: &'static str,
}

/// A person, or the managed identity of the function app.
#[derive(Debug)]
pub struct Principal {
    /// The short name by which scripts call it: `alice`.
    pub name: &'static str,
    pub display_name: &'static str,
    pub upn: &'static str,
    pub tenant: &'static str,
    pub oid: &'static str,
    /// App roles of our API, as the token's `roles` claim carries them.
    pub roles: &'static [&'static str],
    /// What it may do on each subscription; one that is missing here is out of sight.
    pub access: &'static [(&'static str, Access)],
    /// What it may do inside each key vault.
    pub vaults: &'static [(&'static str, VaultAccess)],
}

/// An Azure role on a subscription. Each includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    Reader,
    Contributor,
    Owner,
}

impl Access {
    pub fn name(self) -> &'static str {
        match self {
            Self::Reader => "Reader",
            Self::Contributor => "Contributor",
            Self::Owner => "Owner",
        }
    }
}

/// A data-plane role on a key vault. Each includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VaultAccess {
    /// Names only (`Key Vault Reader`).
    List,
    /// Values too (`Key Vault Secrets User`).
    Get,
    /// Changes too (`Key Vault Secrets Officer`).
    Set,
}

/// A data-plane role on one key. Each includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyAccess {
    /// Wrap and unwrap (`Key Vault Crypto Service Encryption User`).
    Encrypt,
    /// Whatever a key can do (`Key Vault Crypto User`).
    Use,
    /// New versions and changes too (`Key Vault Crypto Officer`).
    Manage,
}

/// The product's own vault. It lies where none of the people here sees resources.
pub const PRODUCT_VAULT: &str = "kv-azimuth";

/// Who may do what with its keys, by short name of the principal, as Terraform says it.
const KEY_ROLES: &[(&str, &str, KeyAccess)] = &[
    (MANAGED_IDENTITY.name, "token-wrapping", KeyAccess::Encrypt),
    (MANAGED_IDENTITY.name, "audit-signing", KeyAccess::Use),
    ("dave", "token-wrapping", KeyAccess::Manage),
    ("dave", "audit-signing", KeyAccess::Manage),
];

pub const CONTOSO: &str = "00000000-0000-4000-8000-000000000001";
pub const FABRIKAM: &str = "00000000-0000-4000-8000-000000000002";
pub const CONTOSO_PROD: &str = "00000000-0000-4000-8000-0000000000b1";
pub const CONTOSO_DEV: &str = "00000000-0000-4000-8000-0000000000b2";
pub const FABRIKAM_MAIN: &str = "00000000-0000-4000-8000-0000000000b3";

pub const TENANTS: &[Tenant] = &[
    Tenant {
        id: CONTOSO,
        name: "Contoso",
        domain: "contoso.example",
    },
    Tenant {
        id: FABRIKAM,
        name: "Fabrikam",
        domain: "fabrikam.example",
    },
];

pub const SUBSCRIPTIONS: &[Subscription] = &[
    Subscription {
        id: CONTOSO_PROD,
        name: "Contoso-Prod",
        tenant: CONTOSO,
    },
    Subscription {
        id: CONTOSO_DEV,
        name: "Contoso-Dev",
        tenant: CONTOSO,
    },
    Subscription {
        id: FABRIKAM_MAIN,
        name: "Fabrikam",
        tenant: FABRIKAM,
    },
];

pub const USERS: &[Principal] = &[
    Principal {
        name: "alice",
        display_name: "Alice Kim",
        upn: "alice@contoso.example",
        tenant: CONTOSO,
        oid: "00000000-0000-4000-8000-0000000000c1",
        roles: &["operator"],
        access: &[
            (CONTOSO_PROD, Access::Contributor),
            (CONTOSO_DEV, Access::Contributor),
        ],
        vaults: &[("kv-dev", VaultAccess::Set), ("kv-prod", VaultAccess::Get)],
    },
    Principal {
        name: "bob",
        display_name: "Bob Lee",
        upn: "bob@contoso.example",
        tenant: CONTOSO,
        oid: "00000000-0000-4000-8000-0000000000c2",
        roles: &["reader"],
        access: &[(CONTOSO_DEV, Access::Reader)],
        vaults: &[("kv-dev", VaultAccess::List)],
    },
    Principal {
        name: "carol",
        display_name: "Carol Park",
        upn: "carol@contoso.example",
        tenant: CONTOSO,
        oid: "00000000-0000-4000-8000-0000000000c3",
        roles: &["approver", "auditor"],
        access: &[
            (CONTOSO_PROD, Access::Contributor),
            (CONTOSO_DEV, Access::Contributor),
        ],
        vaults: &[("kv-dev", VaultAccess::Get), ("kv-prod", VaultAccess::Get)],
    },
    Principal {
        name: "dave",
        display_name: "Dave Choi",
        upn: "dave@contoso.example",
        tenant: CONTOSO,
        oid: "00000000-0000-4000-8000-0000000000c4",
        roles: &["admin"],
        access: &[(CONTOSO_PROD, Access::Owner), (CONTOSO_DEV, Access::Owner)],
        vaults: &[("kv-dev", VaultAccess::Set), ("kv-prod", VaultAccess::Set)],
    },
    Principal {
        name: "eve",
        display_name: "Eve Jung",
        upn: "eve@fabrikam.example",
        tenant: FABRIKAM,
        oid: "00000000-0000-4000-8000-0000000000c5",
        roles: &["operator"],
        access: &[(FABRIKAM_MAIN, Access::Contributor)],
        vaults: &[("kv-fabrikam", VaultAccess::Set)],
    },
];

/// People without a face: `crowd-01`, `crowd-02` and so on, for whoever needs many at once.
/// Those with an odd number see Contoso-Prod, the others Contoso-Dev, and all only read.
/// They are on no list and sign in nowhere; the control port makes their tokens.
pub static CROWD: LazyLock<Vec<Principal>> =
    LazyLock::new(|| (1..=CROWD_SIZE).map(one_of_the_crowd).collect());

const CROWD_SIZE: usize = 50;

fn one_of_the_crowd(number: usize) -> Principal {
    const PROD: &[(&str, Access)] = &[(CONTOSO_PROD, Access::Reader)];
    const DEV: &[(&str, Access)] = &[(CONTOSO_DEV, Access::Reader)];
    // Made once, and there as long as the process.
    let text = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let name = text(format!("crowd-{number:02}"));
    Principal {
        name,
        display_name: name,
        upn: text(format!("{name}@contoso.example")),
        tenant: CONTOSO,
        oid: text(format!("00000000-0000-4000-8000-00000000d{number:03}")),
        roles: &["reader"],
        access: if number % 2 == 1 { PROD } else { DEV },
        vaults: &[],
    }
}

/// The function app's own identity: what a shared, read-only tool server would run as.
pub const MANAGED_IDENTITY: Principal = Principal {
    name: "azimuth-identity",
    display_name: "azimuth-identity",
    upn: "",
    tenant: CONTOSO,
    oid: "00000000-0000-4000-8000-0000000000a3",
    roles: &[],
    access: &[
        (CONTOSO_PROD, Access::Reader),
        (CONTOSO_DEV, Access::Reader),
    ],
    vaults: &[(PRODUCT_VAULT, VaultAccess::Get)],
};

impl Principal {
    /// The role on a subscription; `None` means that it cannot even be seen.
    pub fn access_to(&self, subscription: &str) -> Option<Access> {
        self.access
            .iter()
            .find(|(id, _)| id.eq_ignore_ascii_case(subscription))
            .map(|(_, access)| *access)
    }

    /// The role inside a key vault.
    pub fn vault_access(&self, vault: &str) -> Option<VaultAccess> {
        self.vaults
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(vault))
            .map(|(_, access)| *access)
    }

    /// The role on a key of a vault.
    pub fn key_access(&self, vault: &str, key: &str) -> Option<KeyAccess> {
        KEY_ROLES
            .iter()
            .filter(|_| vault == PRODUCT_VAULT)
            .find(|(name, known, _)| *name == self.name && known.eq_ignore_ascii_case(key))
            .map(|(_, _, access)| *access)
    }
}

pub fn user(name: &str) -> Option<&'static Principal> {
    USERS
        .iter()
        .chain(CROWD.iter())
        .find(|user| user.name == name)
}

/// A principal by the only pair that identifies one: tenant and object id.
pub fn principal(tenant: &str, oid: &str) -> Option<&'static Principal> {
    static IDENTITY: Principal = MANAGED_IDENTITY;
    USERS
        .iter()
        .chain(CROWD.iter())
        .chain(std::iter::once(&IDENTITY))
        .find(|known| known.tenant == tenant && known.oid == oid)
}

pub fn subscription(id: &str) -> Option<&'static Subscription> {
    SUBSCRIPTIONS
        .iter()
        .find(|known| known.id.eq_ignore_ascii_case(id))
}

pub fn tenant(id: &str) -> Option<&'static Tenant> {
    TENANTS
        .iter()
        .find(|known| known.id.eq_ignore_ascii_case(id))
}

/// What the `{tenant}` segment of an Entra address means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    One(&'static str),
    /// `common` and `organizations`: whoever signs in decides.
    Any,
}

impl Authority {
    /// Reads a tenant id, a domain name, `common` or `organizations`.
    pub fn parse(segment: &str) -> Option<Self> {
        if segment == "common" || segment == "organizations" {
            return Some(Self::Any);
        }
        TENANTS
            .iter()
            .find(|known| known.id.eq_ignore_ascii_case(segment) || known.domain == segment)
            .map(|known| Self::One(known.id))
    }

    pub fn admits(self, tenant: &str) -> bool {
        match self {
            Self::One(id) => id == tenant,
            Self::Any => true,
        }
    }
}
