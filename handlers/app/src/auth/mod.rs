//! Who calls, and with which Azure token they are served: bearer tokens of our
//! API, the issuer's keys, the vault of users' Azure tokens.

pub mod algorithm;
pub mod jwks;
pub mod refusal;
pub mod vault;
pub mod verifier;

#[cfg(test)]
mod test_issuer;
#[cfg(test)]
mod test_keys;
