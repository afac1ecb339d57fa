//! A credential that answers in time, and whose errors can be told.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::{Error, ErrorKind};

use crate::egress;

/// Some of the SDK's credentials try for longer than they are told, and their errors
/// carry the whole answer: neither comes past here.
#[derive(Debug)]
pub(super) struct InTime {
    pub inner: Arc<dyn TokenCredential>,
    pub whole: Duration,
}

#[async_trait]
impl TokenCredential for InTime {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let asked = self.inner.get_token(scopes, options);
        match tokio::time::timeout(self.whole, asked).await {
            Ok(Ok(token)) => Ok(token),
            Ok(Err(error)) => Err(none(reason(&error))),
            Err(_) => Err(none("no answer in time".to_owned())),
        }
    }
}

/// Why there is no token, in words that can be told.
#[derive(Debug, thiserror::Error)]
#[error("there is no token of our identity: {0}")]
struct NoToken(String);

fn none(reason: String) -> Error {
    Error::new(ErrorKind::Credential, NoToken(reason))
}

/// What is wrong with a credential, made of known-safe parts.
pub(crate) fn reason(error: &Error) -> String {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(this) = cause {
        if let Some(NoToken(reason)) = this.downcast_ref() {
            return reason.clone();
        }
        if let Some(network) = this.downcast_ref::<reqwest::Error>() {
            return egress::kind(network).to_owned();
        }
        if let Some(ErrorKind::HttpResponse {
            status, error_code, ..
        }) = this.downcast_ref::<Error>().map(Error::kind)
        {
            let code: String = error_code
                .iter()
                .flat_map(|code| code.chars())
                .take_while(char::is_ascii_digit)
                .take(12)
                .collect();
            let status = u16::from(*status);
            return match code.as_str() {
                "" => format!("the answer is {status}"),
                code => format!("the answer is {status} AADSTS{code}"),
            };
        }
        cause = this.source();
    }
    "the answer cannot be used".to_owned()
}
