//! A second device: the new one shows a code, an old one approves it.

use std::time::Duration;

use countersign_protocol::ids::DeviceId;
use countersign_protocol::name::AccountId;
use countersign_protocol::provisioning::{LinkCode, Linking, Provision, SlotId};
use countersign_protocol::suite::SuiteId;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Client, own, registering};
use crate::api::accounts::{LinkRequest, LinkTokenReply, LoginReply, SlotContent, SlotReply};
use crate::api::{self, Account};
use crate::clock::{self, random};
use crate::error::{ClientError, Result};
use crate::transport::{Request, request_patiently};

const POLL_PAUSE: Duration = Duration::from_millis(1000);

/// A device that waits to be linked. It is gone with the process: begin anew then.
pub struct NewDevice<'a> {
    client: &'a Client,
    linking: Linking,
    slot: String,
    expires_at: u64,
}

impl Client {
    /// Begins to link this vault, which is empty, to an account.
    ///
    /// # Errors
    /// [`ClientError::State`] when the vault has an account.
    pub async fn begin_linking(&self) -> Result<NewDevice<'_>> {
        if self.account().is_ok_and(|account| account.registered) {
            return Err(ClientError::State("this vault has an account already"));
        }
        let reply: SlotReply = self.anonymous("/auth/provisioning", &serde_json::json!({})).await?;
        let slot_id = Uuid::try_parse(&reply.slot_id)
            .map_err(|_form| ClientError::BadAnswer("a slot id of another form"))?;
        let expires_at = clock::from_text(&reply.expires_at).map_or(u64::MAX, |at| at.0);
        let linking = Linking::begin(SlotId(slot_id.into_bytes()), &mut random());
        Ok(NewDevice { client: self, linking, slot: reply.slot_id, expires_at })
    }

    /// Gives this account to the device that shows `code`.
    ///
    /// # Errors
    /// `malformed` for what is no code; `slot_unknown`, `slot_filled` for one that is over.
    pub async fn approve(&self, code: &str) -> Result<u8> {
        let code = LinkCode::from_text(code.trim())?;
        let me = self.vault.read(own::registered)?;
        let reply: LinkTokenReply = self.post("/auth/link-token", &serde_json::json!({})).await?;
        let device_id = DeviceId::new(reply.device_id)
            .ok_or(ClientError::BadAnswer("a device id out of range"))?;
        let provision = Provision {
            identity_private: me.identity.private().clone(),
            account_id: me.name.account_id,
            device_id,
            link_token: Zeroizing::new(reply.link_token),
        };
        let content = SlotContent { envelope: provision.seal(&code, &mut random())?.into() };
        let path = format!("/auth/provisioning/{}", api::uuid(code.slot_id.0));
        let body = super::json(&content)?.to_vec();
        api::require_success(&self.request("PUT", &path, Some(body)).await?)?;
        Ok(reply.device_id)
    }
}

impl NewDevice<'_> {
    /// The text to show, or to draw as a QR code. Whoever sees it can give an account, not take one.
    pub fn code(&self) -> Zeroizing<String> {
        self.linking.code().to_text()
    }

    /// Waits until a device has approved, and registers this one.
    ///
    /// # Errors
    /// [`ClientError::State`] when the code has run out; `invalid_message` when somebody who has
    /// not seen the code filled the slot.
    pub async fn finish(self, suites: &[SuiteId]) -> Result<own::OwnAccount> {
        let envelope = self.wait().await?;
        let provision = self.linking.open(&envelope)?;
        let link_token = provision.link_token.as_str();
        let reply: LoginReply =
            self.client.anonymous("/auth/link", &LinkRequest { link_token }).await?;
        self.require_promised(&provision, &reply)?;
        self.client.keep_account(&reply)?;
        let AccountId(account) = provision.account_id;
        let account = Account(AccountId(account));
        self.client.vault.write(|entries| {
            registering::adopt(entries, account, &provision.identity_private)?;
            registering::prepare_device(entries, provision.device_id.number(), suites)
        })?;
        let list = self.client.fetch_list(account).await?;
        self.client.register(Some(list)).await
    }

    fn require_promised(&self, provision: &Provision, reply: &LoginReply) -> Result<()> {
        let promised = reply.account_id.0 == provision.account_id
            && reply.reserved_device_id == Some(provision.device_id.number());
        if promised {
            Ok(())
        } else {
            Err(ClientError::BadAnswer("a link to another account or device than was approved"))
        }
    }

    async fn wait(&self) -> Result<Vec<u8>> {
        let path = format!("{}/auth/provisioning/{}", api::ROOT, self.slot);
        let request = Request { method: "GET", path, bearer: None, body: None };
        while clock::now().0 < self.expires_at {
            let transport = &*self.client.transport;
            let answer = request_patiently(transport, &request, self.client.patience).await?;
            if answer.status != 202 {
                return Ok(api::read::<SlotContent>(&answer)?.envelope.0);
            }
            tokio::time::sleep(POLL_PAUSE).await;
        }
        Err(ClientError::State("the code has run out: show a new one"))
    }
}

impl std::fmt::Debug for NewDevice<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewDevice(..)")
    }
}
