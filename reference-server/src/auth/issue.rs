//! The tokens in answers.

use serde::Serialize;

use crate::{
    app::{App, after},
    auth::token::Access,
    ids::{LoginId, Moment},
    problem::Problem,
};

/// An access token and a refresh token, as every answer with tokens has them.
#[derive(Clone, Serialize)]
pub struct Issued {
    access_token: String,
    access_expires_at: Moment,
    refresh_token: String,
    refresh_expires_at: Moment,
    token_type: &'static str,
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Issued(..)")
    }
}

impl App {
    /// Makes the access token that goes with a refresh token.
    ///
    /// # Errors
    /// `internal`.
    pub fn issue(
        &self,
        access: Access,
        refresh_token: String,
        refresh_expires_at: Moment,
    ) -> Result<Issued, Problem> {
        let now = self.now();
        let end = after(now, self.config.limits.access_token_seconds);
        // The token has whole seconds.
        let access_expires_at = Moment(end.0 / 1000 * 1000);
        let access_token = self.tokens.access(access, self.uuid7(), now, access_expires_at)?;
        let token_type = "Bearer";
        Ok(Issued {
            access_token,
            access_expires_at,
            refresh_token,
            refresh_expires_at,
            token_type,
        })
    }

    /// Ends logins that the store has revoked, in this process too.
    pub fn end_logins(&self, logins: impl IntoIterator<Item = LoginId>) {
        for login in logins {
            self.logins.forget(login);
            self.fanout.close_login(login);
        }
    }
}
