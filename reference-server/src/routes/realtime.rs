//! Opening the WebSocket. Spec: `spec/server/realtime.md#opening`.

use axum::{
    Router,
    extract::{
        FromRequestParts, RawQuery, State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::{HeaderMap, HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};

use super::malformed;
use crate::{
    app::{App, AppState},
    auth::{
        caller::{Caller, DeviceCaller, bearer},
        token::hash,
    },
    problem::{Code, Problem},
    realtime::{READ_BUFFER, converse},
};

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/ws", get(connect))
}

const SUBPROTOCOL: &str = "countersign.v1";
/// Above what a client may send, so that a frame a little too long still gets its own close code.
const MESSAGE_MAX: usize = 1 << 20;
/// Characters of a ticket.
const TICKET: std::ops::RangeInclusive<usize> = 22..=128;

/// An upgrade, or none.
struct Upgrade(Result<WebSocketUpgrade, WebSocketUpgradeRejection>);

impl FromRequestParts<AppState> for Upgrade {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        Ok(Self(WebSocketUpgrade::from_request_parts(parts, app).await))
    }
}

/// `GET ws`: opens the WebSocket.
async fn connect(
    State(app): State<AppState>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    Upgrade(upgrade): Upgrade,
) -> Result<Response, Problem> {
    let shown = shown(&headers, query.as_deref().unwrap_or_default())?;
    let Ok(upgrade) = upgrade else {
        let mut response = Problem::from(Code::UpgradeRequired).into_response();
        let websocket = HeaderValue::from_static("websocket");
        response.headers_mut().insert(header::UPGRADE, websocket);
        return Ok(response);
    };
    let caller = match shown {
        Shown::Token(token) => Caller::of_token(&app, token).await?.as_device(&app)?,
        Shown::Ticket(ticket) => app.redeem(ticket).await?,
    };
    Ok(upgrade
        .protocols([SUBPROTOCOL])
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_message_size(MESSAGE_MAX)
        .max_frame_size(MESSAGE_MAX)
        .on_upgrade(move |socket| converse(app, caller, socket)))
}

/// What a client authenticates by.
enum Shown<'a> {
    Token(&'a str),
    Ticket(&'a str),
}

/// Reads header and query. A ticket needs no decoding: it has no character that would be encoded.
fn shown<'a>(headers: &'a HeaderMap, query: &'a str) -> Result<Shown<'a>, Problem> {
    if looks_like_a_token(query) {
        return Err(Code::TokenInUrl.into());
    }
    let is_ticket = |text: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        TICKET.contains(&text.len()) && text.bytes().all(fits)
    };
    match (query, query.strip_prefix("ticket=")) {
        ("", _) => bearer(headers).map(Shown::Token).ok_or_else(|| Code::Unauthenticated.into()),
        (_, Some(ticket)) if is_ticket(ticket) => Ok(Shown::Ticket(ticket)),
        _ => Err(malformed("ticket")),
    }
}

/// A JWT, or a member that is meant for one.
fn looks_like_a_token(query: &str) -> bool {
    query.split('&').filter_map(|pair| pair.split_once('=')).any(|(name, value)| {
        matches!(name, "token" | "access_token" | "authorization" | "jwt")
            || value.matches('.').count() == 2
            || value.starts_with("csr_")
    })
}

impl App {
    async fn redeem(&self, ticket: &str) -> Result<DeviceCaller, Problem> {
        let now = self.now();
        let ticket = self.store.take_ticket(hash(ticket), now).await?.ok_or(Code::TicketInvalid)?;
        let login = self.logins.good(&*self.store, ticket.login, now).await?;
        login.ok_or(Code::TicketInvalid)?;
        Ok(DeviceCaller { address: ticket.device, login: ticket.login })
    }
}
