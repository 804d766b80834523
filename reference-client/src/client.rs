//! A device of an account: what it can do, one method for each thing.
//!
//! Every method may be interrupted at any point, by an error or by the end of the process, and
//! called again: it goes on where it was. What is to be sent lies in the outbox, sealed, before a
//! byte of it leaves; what was received is in the vault before the server is told so.

mod audit;
mod contacts;
mod devices;
mod doctor;
mod history;
mod linking;
mod listening;
mod names;
mod opening;
mod outbox;
mod own;
mod prekeys;
mod receiving;
mod registering;
mod rotation;
mod sealing;
mod sending;
mod sessions;
mod verification;

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use crate::api;
use crate::api::accounts::{Capabilities, RefreshRequest, Tokens, TokensReply};
use crate::clock;
use crate::error::{ClientError, Result};
use crate::transport::{Answer, Patience, Request, Transport, request_patiently};
use crate::vault::{Table, Vault, VaultError};

pub use self::contacts::Contact;
pub use self::devices::Device;
pub use self::doctor::{Finding, Verdict};
pub use self::history::{Message, Status};
pub use self::linking::NewDevice;
pub use self::listening::{Event, Listening};
pub use self::own::{OwnAccount, OwnDevice};
pub use self::receiving::{Incoming, SecurityEvent};
pub use self::rotation::Rotated;
pub use self::sending::Sent;
pub use self::verification::SafetyNumber;

/// Tokens are renewed when they have less than this left.
const RENEWAL_MARGIN_MILLIS: u64 = 30_000;

/// One device, with its vault and its way to the server.
pub struct Client {
    vault: Vault,
    transport: Arc<dyn Transport>,
    patience: Patience,
    renewing: Mutex<()>,
}

impl Client {
    /// A device whose state is in `vault`.
    pub fn new(vault: Vault, transport: Arc<dyn Transport>) -> Self {
        Self { vault, transport, patience: Patience::default(), renewing: Mutex::new(()) }
    }

    /// The server that a vault was made with, if it has an account.
    ///
    /// # Errors
    /// The vault's.
    pub fn server_of(vault: &Vault) -> Result<Option<String>> {
        match vault.read(own::account) {
            Ok(account) => Ok(Some(account.server)),
            Err(ClientError::State(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Tries for longer or shorter before it gives up.
    #[must_use]
    pub const fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// Whose device this is.
    ///
    /// # Errors
    /// [`ClientError::State`] when nobody has signed up, logged in or linked yet.
    pub fn account(&self) -> Result<OwnAccount> {
        self.vault.read(own::account)
    }

    /// What the server says it can do; needs no token.
    pub(crate) async fn capabilities(&self) -> Result<(Capabilities, Option<u64>)> {
        let request = Request {
            method: "GET",
            path: "/.well-known/countersign".to_owned(),
            bearer: None,
            body: None,
        };
        let answer = request_patiently(&*self.transport, &request, self.patience).await?;
        Ok((api::read(&answer)?, answer.date))
    }

    /// Ends this login at the server. The vault stays; logging in again goes on with it.
    ///
    /// # Errors
    /// The server's.
    pub async fn logout(&self) -> Result<()> {
        api::require_success(&self.request("POST", "/auth/logout", None).await?)
    }

    /// A request without token.
    async fn anonymous<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T> {
        let body = Some(json(body)?.to_vec());
        let path = format!("{}{path}", api::ROOT);
        let request = Request { method: "POST", path, bearer: None, body };
        api::read(&request_patiently(&*self.transport, &request, self.patience).await?)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        api::read(&self.request("GET", path, None).await?)
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T> {
        api::read(&self.request("POST", path, Some(json(body)?.to_vec())).await?)
    }

    /// A request of this login. The same bytes are sent each time that it has to be repeated.
    async fn request(
        &self,
        method: &'static str,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Answer> {
        let path = format!("{}{path}", api::ROOT);
        let bearer = Some(self.access_token().await?);
        let mut request = Request { method, path, bearer, body };
        let answer = request_patiently(&*self.transport, &request, self.patience).await?;
        if answer.status != 401 {
            return Ok(answer);
        }
        let refused = request.bearer.take().unwrap_or_default();
        request.bearer = Some(self.renew(&refused).await?);
        Ok(request_patiently(&*self.transport, &request, self.patience).await?)
    }

    /// The access token, renewed if it is about to expire.
    async fn access_token(&self) -> Result<Zeroizing<String>> {
        let tokens = self.tokens()?;
        let expires = clock::from_text(&tokens.access_expires_at).map_or(0, |at| at.0);
        if expires > clock::now().0 + RENEWAL_MARGIN_MILLIS {
            return Ok(tokens.access_token.clone().into());
        }
        self.renew(&tokens.access_token).await
    }

    fn tokens(&self) -> Result<Tokens> {
        let tokens: Option<Tokens> =
            self.vault.read(|entries| entries.find_json(Table::Own, own::TOKENS))?;
        tokens.ok_or(ClientError::State("not logged in: run `countersign login`"))
    }

    /// Renews the tokens unless another task has done so since `used` was read.
    async fn renew(&self, used: &str) -> Result<Zeroizing<String>> {
        let _one_at_a_time = self.renewing.lock().await;
        let held = self.tokens()?;
        if held.access_token != used {
            return Ok(held.access_token.clone().into());
        }
        let refresh_token = held.refresh_token.as_str();
        let renewed: Result<TokensReply> =
            self.anonymous("/auth/refresh", &RefreshRequest { refresh_token }).await;
        match renewed {
            Ok(reply) => {
                self.keep_tokens(&reply.tokens)?;
                Ok(reply.tokens.access_token.clone().into())
            }
            // Another process may have been faster.
            Err(_) if self.tokens()?.refresh_token != held.refresh_token => {
                Ok(self.tokens()?.access_token.clone().into())
            }
            Err(error) if error.has_code("refresh_invalid") || error.has_code("refresh_reused") => {
                Err(ClientError::State("the login has ended: run `countersign login`"))
            }
            Err(error) => Err(error),
        }
    }

    fn keep_tokens(&self, tokens: &Tokens) -> Result<(), VaultError> {
        self.vault.write(|entries| entries.put_json(Table::Own, own::TOKENS, tokens))
    }
}

fn json(body: &impl Serialize) -> Result<Zeroizing<Vec<u8>>> {
    serde_json::to_vec(body)
        .map(Zeroizing::new)
        .map_err(|_error| ClientError::State("a request cannot be written"))
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client(..)")
    }
}
