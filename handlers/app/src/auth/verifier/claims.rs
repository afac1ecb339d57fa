//! The token's claims, of the types that they must have.

use super::members::Members;
use super::refuse;
use super::rules::{IssuerRules, Tenancy};
use crate::auth::refusal::{TokenCode, TokenRefused};

/// The claims that are used, none of them trusted before the signature is.
pub(super) struct Claims {
    pub iss: String,
    pub aud: Vec<String>,
    pub exp: u64,
    pub nbf: Option<u64>,
    pub iat: u64,
    /// As the issuer calls the person.
    pub subject: String,
    /// `tid` and `oid` of an issuer with several tenants.
    pub place: Option<(String, String)>,
    /// The application that got the token.
    pub clients: Vec<String>,
    /// What it may do for the person.
    pub scope: Option<Vec<String>>,
    /// `user` or `app`, where the token says so.
    pub idtyp: Option<String>,
    pub roles: Vec<String>,
    pub name: Option<String>,
    pub sid: Option<String>,
}

impl Claims {
    /// Reads what `rules` name. What must be there to be a token of the issuer's at all
    /// is looked at here.
    pub fn read(members: &Members, rules: &IssuerRules) -> Result<Self, TokenRefused> {
        let names = &rules.names;
        let nbf = members.seconds("nbf")?;
        if nbf.is_none() && rules.needs_nbf {
            return Err(refuse(TokenCode::Malformed, "nbf is missing"));
        }
        let subject = members.required_text(&names.subject)?;
        if subject.is_empty() {
            return Err(refuse(TokenCode::Malformed, "the subject is empty"));
        }
        let mut clients = Vec::new();
        for name in rules.client_claims {
            clients.extend(members.text(name)?.map(str::to_owned));
        }
        let audience = members.text_or_texts("aud", rules.takes_lists)?;
        let scope = members.text_or_texts(&names.scope, rules.takes_lists)?;
        Ok(Self {
            iss: members.required_text("iss")?,
            aud: audience.ok_or_else(|| refuse(TokenCode::Malformed, "aud is missing"))?,
            exp: members.required_seconds("exp")?,
            nbf,
            iat: members.required_seconds("iat")?,
            subject,
            place: match rules.tenancy {
                Tenancy::Several(_) => {
                    Some((members.required_text("tid")?, members.required_text("oid")?))
                }
                Tenancy::One(_) => None,
            },
            clients,
            scope: scope.map(|parts| {
                let words = parts.iter().flat_map(|part| part.split(' '));
                words.map(str::to_owned).collect()
            }),
            idtyp: members.text("idtyp")?.map(str::to_owned),
            roles: members.texts(&names.roles)?.unwrap_or_default(),
            name: members.text(&names.name)?.map(str::to_owned),
            sid: members.text(&names.session)?.map(str::to_owned),
        })
    }
}

/// Refuses what is another kind of token than an access token of this issuer.
pub(super) fn check_kind(members: &Members, rules: &IssuerRules) -> Result<(), TokenRefused> {
    for (name, value) in rules.must_say {
        if members.text(name)? != Some(value) {
            return Err(refuse(
                TokenCode::Malformed,
                format!("{name} is not {value}"),
            ));
        }
    }
    for (name, values) in rules.may_say {
        if let Some(said) = members.text(name)?
            && !values.contains(&said)
        {
            return Err(refuse(TokenCode::Malformed, format!("{name} is another")));
        }
    }
    match rules.must_lack.iter().find(|name| members.has(name)) {
        Some(name) => Err(refuse(
            TokenCode::Malformed,
            format!("an ID token: it has {name}"),
        )),
        None => Ok(()),
    }
}
