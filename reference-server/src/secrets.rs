//! The server's own keys: made at the first start, kept in a file that only its owner can read.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{entropy::Entropy, wire::Base64Array};

/// Why there are no keys. The server does not start then: with new ones, old tokens would be worthless and the audit
/// log would be somebody else's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretsError {
    /// Reading or writing failed.
    #[error("cannot use {0}")]
    Io(PathBuf, #[source] io::Error),
    /// Others can read it.
    #[error("{0} can be read by others; give it mode 0600")]
    Open(PathBuf),
    /// It is not such a file.
    #[error("{0} is not a file of this server's keys")]
    Content(PathBuf),
}

/// The keys.
#[derive(Clone)]
pub struct Secrets {
    /// Authenticates access tokens: HS256.
    pub access_key: Zeroizing<[u8; 32]>,
    /// Derives the successors of refresh tokens: HMAC-SHA-256.
    pub refresh_key: Zeroizing<[u8; 32]>,
    /// Seed of the Ed25519 key that signs heads of audit logs.
    pub signing_seed: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(..)")
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u8,
    access_key: Base64Array<32>,
    refresh_key: Base64Array<32>,
    signing_seed: Base64Array<32>,
}

const VERSION: u8 = 1;

impl Secrets {
    /// Draws new keys.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self {
            access_key: Zeroizing::new(entropy.bytes()),
            refresh_key: Zeroizing::new(entropy.bytes()),
            signing_seed: Zeroizing::new(entropy.bytes()),
        }
    }

    /// Reads the file, or makes it when it is not there.
    ///
    /// # Errors
    /// [`SecretsError`] for anything else than a readable file of the right form that is its owner's alone.
    pub fn load_or_create(path: &Path, entropy: &dyn Entropy) -> Result<Self, SecretsError> {
        match File::open(path) {
            Ok(file) => Self::load(path, file),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Self::create(path, entropy),
            Err(cause) => Err(SecretsError::Io(path.to_owned(), cause)),
        }
    }

    fn load(path: &Path, mut file: File) -> Result<Self, SecretsError> {
        let io = |cause| SecretsError::Io(path.to_owned(), cause);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            if file.metadata().map_err(io)?.permissions().mode() & 0o077 != 0 {
                return Err(SecretsError::Open(path.to_owned()));
            }
        }
        let mut text = Zeroizing::new(String::new());
        file.read_to_string(&mut text).map_err(io)?;
        let written = serde_json::from_str::<Written>(&text).ok();
        let written = written.filter(|written| written.version == VERSION);
        let written = written.ok_or_else(|| SecretsError::Content(path.to_owned()))?;
        Ok(Self {
            access_key: Zeroizing::new(written.access_key.0),
            refresh_key: Zeroizing::new(written.refresh_key.0),
            signing_seed: Zeroizing::new(written.signing_seed.0),
        })
    }

    fn create(path: &Path, entropy: &dyn Entropy) -> Result<Self, SecretsError> {
        let secrets = Self::generate(entropy);
        let written = Written {
            version: VERSION,
            access_key: Base64Array(*secrets.access_key),
            refresh_key: Base64Array(*secrets.refresh_key),
            signing_seed: Base64Array(*secrets.signing_seed),
        };
        let io = |cause| SecretsError::Io(path.to_owned(), cause);
        let text = serde_json::to_vec(&written).map_err(|cause| io(cause.into()))?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(io)?;
        file.write_all(&Zeroizing::new(text)).and_then(|()| file.sync_all()).map_err(io)?;
        Ok(secrets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    fn path(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("countersign-{}-{name}", std::process::id()));
        std::fs::remove_file(&path).ok();
        path
    }

    #[test]
    fn the_second_start_finds_the_keys_of_the_first() {
        let path = path("again");
        let first = Secrets::load_or_create(&path, &SystemEntropy).unwrap();
        let second = Secrets::load_or_create(&path, &SystemEntropy).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(first.access_key, second.access_key);
        assert_eq!(first.signing_seed, second.signing_seed);
        assert_ne!(first.access_key, first.refresh_key);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let path = path("open");
        Secrets::load_or_create(&path, &SystemEntropy).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let refused = Secrets::load_or_create(&path, &SystemEntropy);
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(refused, Err(SecretsError::Open(_))));
    }

    #[cfg(unix)]
    #[test]
    fn a_broken_file_is_not_replaced() {
        use std::os::unix::fs::PermissionsExt;
        let path = path("broken");
        std::fs::write(&path, "{}").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let refused = Secrets::load_or_create(&path, &SystemEntropy);
        let kept = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(refused, Err(SecretsError::Content(_))));
        assert_eq!(kept, "{}");
    }
}
