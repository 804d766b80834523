//! The registry of the server's errors: one table, and the error type of every handler and store operation.
//!
//! Spec: `spec/server/problems.md`. What goes wrong inside is [`Code::Internal`]: its cause is logged, never answered.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Map, Value};

macro_rules! registry {
    ($($name:ident $code:literal $status:literal $title:literal;)+) => {
        /// A registered error code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $(#[doc = $title] $name,)+ }

        impl Code {
            /// Every registered code.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The table itself: code, HTTP status, title.
            #[must_use]
            pub const fn row(self) -> (&'static str, u16, &'static str) {
                match self { $(Self::$name => ($code, $status, $title),)+ }
            }
        }
    };
}

registry! {
    Malformed "malformed" 400 "The request is not of the documented shape";
    Unauthenticated "unauthenticated" 401 "No valid access token";
    BadCredentials "bad_credentials" 401 "User name or password is wrong";
    RefreshInvalid "refresh_invalid" 401 "The refresh token is not valid";
    RefreshReused "refresh_reused" 401 "The refresh token was used before; the login is revoked";
    TokenInUrl "token_in_url" 401 "A token must not be in a URL";
    TicketInvalid "ticket_invalid" 401 "The ticket is unknown, used or expired";
    LinkTokenInvalid "link_token_invalid" 401 "The link token is unknown, used or expired";
    DeviceRequired "device_required" 403 "The login is not bound to a device";
    SignatureInvalid "signature_invalid" 403 "A signature by the identity key does not verify";
    RegistrationClosed "registration_closed" 403 "This server takes no new accounts";
    RegistrationTokenInvalid "registration_token_invalid" 403 "The registration token is missing or wrong";
    NotFound "not_found" 404 "No such resource";
    AccountUnknown "account_unknown" 404 "No such account, or it has no keys";
    DeviceUnknown "device_unknown" 404 "No such device";
    SuiteUnknown "suite_unknown" 404 "No device of the account offers this suite";
    MessageUnknown "message_unknown" 404 "No such message for this caller";
    SlotUnknown "slot_unknown" 404 "No such provisioning slot";
    MethodNotAllowed "method_not_allowed" 405 "The resource does not have this method";
    RequestTimeout "request_timeout" 408 "The request did not arrive in time";
    UsernameTaken "username_taken" 409 "The user name is taken";
    IdentityMismatch "identity_mismatch" 409 "The account has another identity key";
    NonceReused "nonce_reused" 409 "The nonce was used before";
    LoginBound "login_bound" 409 "The login is bound to another device";
    DeviceIdNotReserved "device_id_not_reserved" 409 "The link reserved another device id";
    DeviceListConflict "device_list_conflict" 409 "The device list has changed";
    DeviceListMismatch "device_list_mismatch" 409 "The envelopes do not fit the recipients' devices";
    PrekeyIdRollback "prekey_id_rollback" 409 "A prekey id is not higher than those before";
    ClaimIdReused "claim_id_reused" 409 "The claim id was used for another claim";
    MessageIdReused "message_id_reused" 409 "The message id was used for another message";
    KeysDrifted "keys_drifted" 409 "The server holds other keys than the device";
    SlotFilled "slot_filled" 409 "The provisioning slot is filled already";
    TooLarge "too_large" 413 "The request is too large";
    UnsupportedMediaType "unsupported_media_type" 415 "The body is not application/json";
    PasswordUnacceptable "password_unacceptable" 422 "The password does not fit the rules";
    RegistrationMismatch "registration_mismatch" 422 "The device list tells other things of the device";
    TimestampOutOfWindow "timestamp_out_of_window" 422 "The timestamp is too far from the server's clock";
    DeviceListMalformed "device_list_malformed" 422 "The device list is not canonical";
    DeviceListNotOneDevice "device_list_not_one_device" 422 "The device list changes more or less than one device";
    CapabilityRegression "capability_regression" 422 "A device may not lose its highest level";
    DeviceIdClosed "device_id_closed" 422 "The device id is closed for good";
    PrekeyIdOutOfRange "prekey_id_out_of_range" 422 "A prekey id is not 1 to 16777215";
    PrekeySignatureInvalid "prekey_signature_invalid" 422 "A prekey's signature does not verify";
    PrekeysRejected "prekeys_rejected" 422 "Some prekeys are not acceptable; none was stored";
    TooManyPrekeys "too_many_prekeys" 422 "The stock of one-time prekeys is full";
    UpgradeRequired "upgrade_required" 426 "This resource is a WebSocket";
    RateLimited "rate_limited" 429 "Too many requests";
    Internal "internal" 500 "The server failed";
    Unavailable "unavailable" 503 "The server cannot serve this now";
    MailboxFull "mailbox_full" 507 "Every addressed mailbox is full";
}

/// A refusal: a registered code, a detail for people, and the members that the code has.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}: {detail}", .code.row().0)]
pub struct Problem {
    /// The registered code.
    pub code: Code,
    /// What and where, for a person. Never holds a secret, a token or a body.
    pub detail: String,
    /// Members of this code, for instance `missing` and `extra`.
    pub members: Map<String, Value>,
    /// For `rate_limited` and `unavailable`: when to come back.
    pub retry_after_seconds: Option<u64>,
}

impl Problem {
    /// A refusal with a detail.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), members: Map::new(), retry_after_seconds: None }
    }

    /// The same with a member of its code.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).unwrap_or(Value::Null);
        self.members.insert(name.to_owned(), value);
        self
    }

    /// What failed inside: the cause goes to the log, the answer says nothing of it.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "internal");
        Self::new(Code::Internal, "see the server's log")
    }

    /// The HTTP status of its code.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.code.row().1).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The body: RFC 9457, closed by the schema of its code.
    #[must_use]
    pub fn body(&self) -> Value {
        let (code, status, title) = self.code.row();
        let mut body = self.members.clone();
        body.insert("type".into(), format!("urn:countersign:problem:{code}").into());
        body.insert("title".into(), title.into());
        body.insert("status".into(), status.into());
        body.insert("code".into(), code.into());
        body.insert("detail".into(), self.detail.clone().into());
        Value::Object(body)
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code, code.row().2)
    }
}

/// The head of the answer. Its body needs the request's id: the layer around all routes makes it of the problem, which
/// it finds among the response's extensions.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code.row().1 == 401 {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}
