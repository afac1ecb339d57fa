//! Who this process is to Azure, from the variables with which the platform and the
//! Azure SDKs are told the same
//! (learn.microsoft.com/azure/aks/workload-identity-overview).

use azimuth_azure::identity::Identity;
use azimuth_ports::tokens::Secret;

use super::settings::Settings;

/// What these variables begin with.
pub(super) const IDENTITY_PREFIX: &str = "AZURE_";

const CLIENT_ID: &str = "AZURE_CLIENT_ID";
const TENANT_ID: &str = "AZURE_TENANT_ID";
const SECRET: &str = "AZURE_CLIENT_SECRET";
const TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
const AUTHORITY: &str = "AZURE_AUTHORITY_HOST";

/// A workload of Kubernetes where there is a token file, a service principal where there
/// is a secret, else the platform's managed identity: the user-assigned one of
/// `AZURE_CLIENT_ID`, or the system-assigned one without it.
pub(super) fn read(settings: &mut Settings) -> Option<Identity> {
    let token_file = settings.of_the_platform(TOKEN_FILE);
    let secret = settings.of_the_platform(SECRET);
    let client_id = settings.of_the_platform(CLIENT_ID);
    let kind = match (&token_file, &secret) {
        (None, None) => return Some(Identity::Managed { client_id }),
        (Some(_), _) => TOKEN_FILE,
        (None, Some(_)) => SECRET,
    };
    let mut required = |name: &str| {
        let value = settings.of_the_platform(name);
        if value.is_none() {
            settings.fault(format!("{name} is missing: {kind} needs it"));
        }
        value
    };
    let authority = required(AUTHORITY).map(|url| url.trim_end_matches('/').to_owned());
    let tenant = required(TENANT_ID);
    let client_id = required(CLIENT_ID);
    let (authority, tenant, client_id) = (authority?, tenant?, client_id?);
    Some(match (token_file, secret) {
        (Some(file), _) => Identity::Workload {
            authority,
            tenant,
            client_id,
            token_file: file.into(),
        },
        (None, secret) => Identity::ServicePrincipal {
            authority,
            tenant,
            client_id,
            secret: Secret::new(secret?),
        },
    })
}
