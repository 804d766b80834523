//! Around the router: requests and answers are changed on their way.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::Response,
};
use futures_util::future::BoxFuture;

use crate::{
    answer::Answer,
    server::{Call, Server},
};

/// A method and a path below `/api/v1`, or from `//` on the whole path; `*` stands for one part of it.
pub(crate) type Route = (&'static str, &'static str);

/// What becomes of a request.
pub(crate) type Served<'a> = BoxFuture<'a, Answer>;

/// What a mutant does to requests at some routes.
pub(crate) struct Gate {
    /// Where; everywhere when it is empty.
    pub(crate) at: &'static [Route],
    /// What.
    pub(crate) act: Act,
}

/// What a mutant does to a request.
#[derive(Clone, Copy)]
pub(crate) enum Act {
    /// Changes it.
    Before(fn(&Server, &mut Call)),
    /// Changes its answer.
    After(fn(&Server, &Call, &mut Answer)),
    /// Serves it.
    Around(for<'a> fn(&'a Server, Call) -> Served<'a>),
}

/// The router with these gates; the capability document tells the settings as they were given.
pub(crate) fn around(server: Arc<Server>, gates: Vec<Gate>) -> Router {
    let inner = server.inner.clone();
    let mut all = gates;
    all.push(Gate { at: &[("GET", "//.well-known/countersign")], act: Act::After(tell) });
    inner.layer(middleware::from_fn_with_state((server, Arc::new(all)), enter))
}

fn tell(server: &Server, _call: &Call, answer: &mut Answer) {
    let mut document = answer.json();
    let limits = serde_json::to_value(server.told.limits).unwrap_or_default();
    if let (Some(shown), Some(told)) =
        (document.get_mut("limits").and_then(|it| it.as_object_mut()), limits.as_object())
    {
        shown.extend(told.clone());
        answer.set_json(&document);
    }
}

async fn enter(
    State((server, gates)): State<(Arc<Server>, Arc<Vec<Gate>>)>,
    request: Request,
    next: Next,
) -> Response {
    let fits = |gate: &&Gate| gate.fits(request.method().as_str(), request.uri().path());
    let Some(gate) = gates.iter().find(fits) else { return next.run(request).await };
    let mut call = Call::read(request).await;
    let answer = match gate.act {
        Act::Around(serve) => serve(&server, call).await,
        Act::Before(change) => {
            change(&server, &mut call);
            server.pass(&call).await
        }
        Act::After(change) => {
            let mut answer = server.pass(&call).await;
            change(&server, &call, &mut answer);
            answer
        }
    };
    answer.into_response()
}

impl Gate {
    fn fits(&self, method: &str, path: &str) -> bool {
        self.at.is_empty()
            || self.at.iter().any(|(of, pattern)| *of == method && is_like(pattern, path))
    }
}

fn is_like(pattern: &str, path: &str) -> bool {
    let (pattern, path) = match pattern.strip_prefix("//") {
        Some(pattern) => (pattern, path.strip_prefix('/')),
        None => (pattern, path.strip_prefix("/api/v1/")),
    };
    let Some(path) = path else { return false };
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(want), Some(found)) if want == "*" || want == found => (),
            _ => return false,
        }
    }
}
