//! TLS towards servers that have to prove who they are.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{ClientConfig, Error, RootCertStore};

/// Verifies a server's certificate against the authorities of the system, or of `SSL_CERT_FILE`. Reading them takes a
/// while: make it once.
pub fn verifying() -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    // Certificates that cannot be read are left out: a server that needs one of them is refused then, by name.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    Ok(ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
