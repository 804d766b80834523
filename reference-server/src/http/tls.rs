//! TLS: rustls, from PEM files.

use std::{path::PathBuf, sync::Arc};

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use crate::config::Tls;

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read, or is no PEM of that kind.
    #[error("cannot read {0}")]
    Pem(PathBuf, #[source] rustls::pki_types::pem::Error),
    /// Certificate and key do not fit each other.
    #[error("the certificate cannot be used")]
    Certificate(#[source] rustls::Error),
}

/// Reads the files. `None`: TLS is not configured.
///
/// # Errors
/// [`TlsError`].
pub fn acceptor(tls: &Tls) -> Result<Option<TlsAcceptor>, TlsError> {
    if tls.certificate.as_os_str().is_empty() {
        return Ok(None);
    }
    let pem = |cause| TlsError::Pem(tls.certificate.clone(), cause);
    let chain = CertificateDer::pem_file_iter(&tls.certificate).map_err(pem)?;
    let chain = chain.collect::<Result<Vec<_>, _>>().map_err(pem)?;
    let key = PrivateKeyDer::from_pem_file(&tls.key)
        .map_err(|cause| TlsError::Pem(tls.key.clone(), cause))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Certificate)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(TlsError::Certificate)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}
