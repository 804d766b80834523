//! Tokens: access tokens that the server can read, opaque ones of which it keeps a hash.
//!
//! Spec: `spec/server/authentication.md#tokens`.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    entropy::Entropy,
    ids::{AccountId, DeviceId, LoginId, Moment, TokenHash},
    problem::Problem,
    secrets::Secrets,
    wire::Device,
};

const ISSUER: &str = "countersign";
const AUDIENCE: &str = "countersign";
const REFRESH_PREFIX: &str = "csr_";

/// Makes and reads tokens.
pub struct Tokens {
    sign: EncodingKey,
    verify: DecodingKey,
    validation: Validation,
    refresh: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(..)")
    }
}

/// What an access token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Whose.
    pub account: AccountId,
    /// By which login.
    pub login: LoginId,
    /// As which device.
    pub device: Option<DeviceId>,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: AccountId,
    sid: LoginId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    did: Option<Device>,
    iat: u64,
    exp: u64,
    jti: Uuid,
}

impl Tokens {
    /// With the server's keys.
    #[must_use]
    pub fn new(secrets: &Secrets) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
        // The server's own clock decides, below.
        validation.validate_exp = false;
        Self {
            sign: EncodingKey::from_secret(&*secrets.access_key),
            verify: DecodingKey::from_secret(&*secrets.access_key),
            validation,
            refresh: secrets.refresh_key.clone(),
        }
    }

    /// Makes an access token.
    ///
    /// # Errors
    /// `internal`.
    pub fn access(
        &self,
        access: Access,
        id: Uuid,
        now: Moment,
        end: Moment,
    ) -> Result<String, Problem> {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: access.account,
            sid: access.login,
            did: access.device.map(Device),
            iat: now.0 / 1000,
            exp: end.0 / 1000,
            jti: id,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.sign)
            .map_err(Problem::internal)
    }

    /// Reads an access token: `None` for one that is forged, of another issuer, or over.
    #[must_use]
    pub fn read(&self, token: &str, now: Moment) -> Option<Access> {
        let data = jsonwebtoken::decode::<Claims>(token, &self.verify, &self.validation).ok()?;
        let claims = data.claims;
        (now.0 < claims.exp.saturating_mul(1000)).then_some(Access {
            account: claims.sub,
            login: claims.sid,
            device: claims.did.map(|device| device.0),
        })
    }

    /// The refresh token that follows `token`: always the same, so that it need not be stored to be given again.
    ///
    /// # Errors
    /// `internal`.
    pub fn successor(&self, token: &str) -> Result<String, Problem> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.refresh).map_err(Problem::internal)?;
        mac.update(b"successor");
        mac.update(token.as_bytes());
        Ok(refresh_text(&mac.finalize().into_bytes().into()))
    }
}

/// A first refresh token.
#[must_use]
pub fn new_refresh(entropy: &dyn Entropy) -> String {
    refresh_text(&entropy.bytes())
}

/// A token for one use: 32 random bytes.
#[must_use]
pub fn new_opaque(entropy: &dyn Entropy) -> String {
    URL_SAFE_NO_PAD.encode(entropy.bytes::<32>())
}

/// What is kept of a token: SHA-256 of its whole text.
#[must_use]
pub fn hash(token: &str) -> TokenHash {
    TokenHash(Sha256::digest(token.as_bytes()).into())
}

fn refresh_text(bytes: &[u8; 32]) -> String {
    format!("{REFRESH_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    fn access() -> Access {
        let entropy: &dyn Entropy = &SystemEntropy;
        Access {
            account: AccountId(entropy.uuid7(Moment(1))),
            login: LoginId(entropy.uuid7(Moment(1))),
            device: DeviceId::new(3),
        }
    }

    fn tokens() -> Tokens {
        Tokens::new(&Secrets::generate(&SystemEntropy))
    }

    #[test]
    fn a_token_is_read_until_its_end() {
        let tokens = tokens();
        let token = tokens.access(access(), Uuid::nil(), Moment(0), Moment(5000)).unwrap();
        assert!(tokens.read(&token, Moment(4999)).is_some());
        assert_eq!(tokens.read(&token, Moment(5000)), None);
    }

    #[test]
    fn what_was_written_is_read() {
        let (tokens, access) = (tokens(), access());
        let token = tokens.access(access, Uuid::nil(), Moment(0), Moment(5000)).unwrap();
        assert_eq!(tokens.read(&token, Moment(0)), Some(access));
    }

    #[test]
    fn a_forged_token_is_refused() {
        let (other, tokens) = (tokens(), tokens());
        let token = other.access(access(), Uuid::nil(), Moment(0), Moment(5000)).unwrap();
        assert_eq!(tokens.read(&token, Moment(0)), None);
        let token = tokens.access(access(), Uuid::nil(), Moment(0), Moment(5000)).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let none = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none"}"#);
        let hs512 = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"HS512"}"#);
        for forged in [
            format!("{none}.{}.", parts[1]),
            format!("{none}.{}.{}", parts[1], parts[2]),
            format!("{hs512}.{}.{}", parts[1], parts[2]),
            format!("{}.{}.", parts[0], parts[1]),
            format!("{}.{}", parts[0], parts[1]),
            String::new(),
        ] {
            assert_eq!(tokens.read(&forged, Moment(0)), None, "{forged}");
        }
    }

    #[test]
    fn a_refresh_token_has_one_successor_with_each_key() {
        let first = new_refresh(&SystemEntropy);
        let (other, tokens) = (tokens(), tokens());
        assert_eq!(first.len(), 47);
        assert_eq!(tokens.successor(&first).unwrap(), tokens.successor(&first).unwrap());
        assert_ne!(tokens.successor(&first).unwrap(), other.successor(&first).unwrap());
        assert_ne!(tokens.successor(&first).unwrap(), first);
    }
}
