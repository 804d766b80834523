//! Passwords: Argon2id on threads of its own, a bounded number at a time, in memory that is used again.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use zeroize::{Zeroize, Zeroizing};

use crate::{
    config,
    entropy::Entropy,
    problem::{Code, Problem},
};

/// Characters of a password.
const CHARACTERS: std::ops::RangeInclusive<usize> = 8..=128;
/// Bytes of a password.
const BYTES_MAX: usize = 1024;
/// No hash that asks for more is computed, whoever wrote it into the database.
const MEMORY_MAX_KIB: u32 = 1 << 20;

/// Hashes passwords.
#[derive(Clone)]
pub struct Passwords(Arc<Inner>);

struct Inner {
    params: Params,
    permits: Arc<Semaphore>,
    memory: Mutex<Vec<Vec<Block>>>,
    waiting: AtomicUsize,
    waiting_max: usize,
    /// Of nobody's password: what is computed when there is no such user.
    decoy: String,
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passwords(..)")
    }
}

/// Checks the rules for new passwords.
///
/// # Errors
/// `password_unacceptable`.
pub fn require_acceptable(password: &str) -> Result<(), Problem> {
    if CHARACTERS.contains(&password.chars().count()) && password.len() <= BYTES_MAX {
        Ok(())
    } else {
        Err(Problem::new(Code::PasswordUnacceptable, "8 to 128 characters, at most 1024 bytes"))
    }
}

impl Passwords {
    /// With the configured cost.
    #[must_use]
    pub fn new(config: &config::Passwords, entropy: &dyn Entropy) -> Self {
        let params = Params::new(config.memory_kib, config.passes, 1, Some(32));
        let params = params.unwrap_or_default();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let permits = if config.concurrency == 0 { cores } else { config.concurrency };
        Self(Arc::new(Inner {
            decoy: phc(&params, &entropy.bytes(), &entropy.bytes()),
            params,
            permits: Arc::new(Semaphore::new(permits)),
            memory: Mutex::default(),
            waiting: AtomicUsize::new(0),
            waiting_max: config.waiting,
        }))
    }

    /// Hashes a new password to a PHC string.
    ///
    /// # Errors
    /// `unavailable` when too many wait.
    pub async fn hash(
        &self,
        password: Zeroizing<String>,
        salt: [u8; 16],
    ) -> Result<String, Problem> {
        let params = self.0.params.clone();
        self.run(move |inner| {
            let hash = inner.argon2id(&params, &password, &salt)?;
            Ok(phc(&params, &salt, &hash))
        })
        .await
    }

    /// Whether the password is right. Without a hash to compare with, as much work, and `false`.
    ///
    /// # Errors
    /// `unavailable` when too many wait; `internal` for a hash that is none.
    pub async fn verify(
        &self,
        password: Zeroizing<String>,
        hash: Option<String>,
    ) -> Result<bool, Problem> {
        self.run(move |inner| {
            let known = hash.is_some();
            let (params, salt, expected) = parse(hash.as_deref().unwrap_or(&inner.decoy))
                .ok_or_else(|| Problem::internal("a stored password hash cannot be read"))?;
            let found = inner.argon2id(&params, &password, &salt)?;
            Ok(bool::from(found.ct_eq(&expected)) & known)
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let place = Place::take(&self.0).ok_or_else(|| {
            let mut problem = Problem::new(Code::Unavailable, "too many passwords wait");
            problem.retry_after_seconds = Some(1);
            problem
        })?;
        let permit = self.0.permits.clone().acquire_owned().await.map_err(Problem::internal)?;
        drop(place);
        let inner = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || {
            let result = work(&inner);
            drop(permit);
            result
        })
        .await
        .map_err(Problem::internal)?
    }
}

impl Inner {
    fn argon2id(&self, params: &Params, password: &str, salt: &[u8]) -> Result<[u8; 32], Problem> {
        let mut memory = self.lend();
        let mut hash = [0; 32];
        if memory.len() < params.block_count() {
            memory.resize(params.block_count(), Block::default());
        }
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
            .hash_password_into_with_memory(password.as_bytes(), salt, &mut hash, &mut memory)
            .map_err(Problem::internal)?;
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
        Ok(hash)
    }

    fn lend(&self) -> Vec<Block> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }
}

/// A place among those who wait.
struct Place<'a>(&'a Inner);

impl<'a> Place<'a> {
    fn take(inner: &'a Inner) -> Option<Self> {
        let before = inner.waiting.fetch_add(1, Ordering::Relaxed);
        let place = Self(inner);
        (before < inner.waiting_max.max(1)).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

fn phc(params: &Params, salt: &[u8; 16], hash: &[u8; 32]) -> String {
    let (memory, passes, lanes) = (params.m_cost(), params.t_cost(), params.p_cost());
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    format!("$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${hash}")
}

fn parse(phc: &str) -> Option<(Params, Vec<u8>, [u8; 32])> {
    let mut parts = phc.strip_prefix("$argon2id$v=19$")?.split('$');
    let (costs, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
    let mut costs = costs.split(',').zip(["m=", "t=", "p="]);
    let mut cost = || -> Option<u32> {
        let (text, name) = costs.next()?;
        text.strip_prefix(name)?.parse().ok()
    };
    let (memory, passes, lanes) = (cost()?, cost()?, cost()?);
    let params = Params::new(memory, passes, lanes, Some(32)).ok()?;
    let salt = STANDARD_NO_PAD.decode(salt).ok()?;
    let mut hash = STANDARD_NO_PAD.decode(hash).ok()?;
    let expected = hash.as_slice().try_into().ok()?;
    hash.zeroize();
    (memory <= MEMORY_MAX_KIB && parts.next().is_none()).then_some((params, salt, expected))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    fn passwords(waiting: usize) -> Passwords {
        let config = config::Passwords { memory_kib: 64, passes: 1, concurrency: 1, waiting };
        Passwords::new(&config, &SystemEntropy)
    }

    fn password(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    #[tokio::test]
    async fn the_right_password_and_no_other() {
        let passwords = passwords(9);
        let hash = passwords.hash(password("correct horse"), [7; 16]).await.unwrap();
        assert!(passwords.verify(password("correct horse"), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify(password("correct horsf"), Some(hash)).await.unwrap());
        assert!(!passwords.verify(password("correct horse"), None).await.unwrap());
    }

    /// Computed by the reference program: `echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1 -l 32 -e`.
    #[tokio::test]
    async fn hashes_of_other_programs_are_understood() {
        let hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert!(passwords(9).verify(password("password"), Some(hash.to_owned())).await.unwrap());
    }

    #[tokio::test]
    async fn memory_is_used_again() {
        let passwords = passwords(9);
        for _ in 0..3 {
            passwords.hash(password("correct horse"), [7; 16]).await.unwrap();
        }
        assert_eq!(passwords.0.memory.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn too_many_are_turned_away() {
        let passwords = passwords(1);
        let _busy = passwords.0.permits.clone().acquire_owned().await.unwrap();
        let first = tokio::spawn({
            let passwords = passwords.clone();
            async move { passwords.hash(password("correct horse"), [7; 16]).await }
        });
        while passwords.0.waiting.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        let refused = passwords.verify(password("x"), None).await.unwrap_err();
        assert_eq!(refused.code, Code::Unavailable);
        first.abort();
    }

    #[test]
    fn the_rules() {
        assert!(require_acceptable("12345678").is_ok());
        assert!(require_acceptable("1234567").is_err());
        assert!(require_acceptable(&"ä".repeat(128)).is_ok());
        assert!(require_acceptable(&"a".repeat(129)).is_err());
    }
}
