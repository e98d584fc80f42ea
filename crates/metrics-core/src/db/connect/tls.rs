//! TLS towards PostgreSQL.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::tls::verifying;

/// How to speak TLS under `mode`.
///
/// `require` verifies the server's certificate against the authorities of the system (or `SSL_CERT_FILE`).
/// `prefer` takes any certificate: it takes no TLS at all just as well, so whoever could show a false one could
/// also have none. Refusing would only lock out servers with a self-made certificate, as Debian's has from the
/// start.
pub(super) fn connector(mode: SslMode) -> Result<MakeRustlsConnect, Error> {
    static VERIFYING: OnceLock<ClientConfig> = OnceLock::new();
    static OPPORTUNISTIC: OnceLock<ClientConfig> = OnceLock::new();
    let (cell, make): (_, fn() -> Result<ClientConfig, Error>) = match mode {
        SslMode::Disable | SslMode::Prefer => (&OPPORTUNISTIC, opportunistic),
        _ => (&VERIFYING, verifying),
    };
    // Reading the system's certificates takes a while, so once.
    let config = if let Some(config) = cell.get() {
        config
    } else {
        let config = make()?;
        cell.get_or_init(|| config)
    };
    Ok(MakeRustlsConnect::new(config.clone()))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn opportunistic() -> Result<ClientConfig, Error> {
    Ok(ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider())))
        .with_no_client_auth())
}

/// Takes any certificate, but checks that the server holds its key.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
