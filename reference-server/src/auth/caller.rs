//! The one who asks, as arguments of handlers: whoever is not allowed never gets to the handler.

use std::net::{IpAddr, Ipv4Addr};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};

use crate::{
    app::AppState,
    ids::{AccountId, DeviceAddress, DeviceId, LoginId},
    problem::{Code, Problem},
};

/// Somebody with a valid access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Whose token.
    pub account: AccountId,
    /// By which login.
    pub login: LoginId,
    /// As which device.
    pub device: Option<DeviceId>,
}

/// Somebody whose token is a device's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceCaller {
    /// The device.
    pub address: DeviceAddress,
    /// By which login.
    pub login: LoginId,
}

impl DeviceCaller {
    /// Whose device it is.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.address.account
    }
}

impl Caller {
    /// Reads and checks an access token.
    ///
    /// # Errors
    /// `unauthenticated`, whatever is wrong with it.
    pub async fn of_token(app: &AppState, token: &str) -> Result<Self, Problem> {
        let now = app.now();
        let access = app.tokens.read(token, now).ok_or(Code::Unauthenticated)?;
        let login = app.logins.good(&*app.store, access.login, now).await?;
        let login = login.ok_or(Code::Unauthenticated)?;
        let same_device = access.device.is_none() || access.device == login.device;
        if login.account != access.account || !same_device {
            return Err(Code::Unauthenticated.into());
        }
        Ok(Self { account: access.account, login: access.login, device: access.device })
    }

    /// The caller as a device.
    ///
    /// # Errors
    /// `device_required`.
    pub fn as_device(&self, app: &AppState) -> Result<DeviceCaller, Problem> {
        let device = self.device.ok_or(Code::DeviceRequired)?;
        let address = DeviceAddress { account: self.account, device };
        note_seen(app, address);
        Ok(DeviceCaller { address, login: self.login })
    }
}

/// Notes at most once a minute, beside the request, that the device was heard of.
fn note_seen(app: &AppState, address: DeviceAddress) {
    let now = app.now();
    if app.logins.is_seen_anew(address, now) {
        let app = app.clone();
        tokio::spawn(async move {
            if let Err(problem) = app.store.seen(address, now).await {
                tracing::warn!(code = problem.code.row().0, "cannot note that a device was seen");
            }
        });
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        let token = bearer(&parts.headers).ok_or(Code::Unauthenticated)?;
        Self::of_token(app, token).await
    }
}

impl FromRequestParts<AppState> for DeviceCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        Caller::from_request_parts(parts, app).await?.as_device(app)
    }
}

/// The token of the one `Authorization: Bearer` header.
#[must_use]
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// The address of the connection, put into each request by [`serve`](crate::http::serve).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddress(pub IpAddr);

/// Whom limits by address are about: an IPv4 address, or a network of 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress([u8; 8]);

impl ClientAddress {
    /// As the subject of a limit.
    #[must_use]
    pub const fn subject(&self) -> &[u8] {
        &self.0
    }

    fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, d] = address.octets();
                Self([0, 0, 0, 0, a, b, c, d])
            }
            IpAddr::V6(address) => {
                let [a, b, c, d, e, f, g, h, ..] = address.octets();
                Self([a, b, c, d, e, f, g, h])
            }
        }
    }
}

impl FromRequestParts<AppState> for ClientAddress {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        let peer = parts.extensions.get::<PeerAddress>().map(|peer| peer.0);
        let header = app.config.client_address_header.as_str();
        let told = (!header.is_empty())
            .then(|| parts.headers.get_all(header).iter().next_back())
            .flatten()
            .and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
        Ok(Self::of(told.or(peer).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))))
    }
}
