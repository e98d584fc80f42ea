//! A service account of Google's: its key signs a request for a token, which opens what is shared with the account.
//!
//! Requests are sent by whoever needs the token; nothing here asks a server.

use std::fmt;
use std::fs;
use std::path::Path;

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, KeyUtils};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::signature::{self, Signer};
use jsonwebtoken::{Algorithm, EncodingKey, Header, get_current_timestamp};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::secret::Secret;

/// Google's server of tokens.
pub const TOKEN_URL: &str = "https://oauth2.googleapis.com/token";
/// What is asked for: a token in exchange for a signed assertion (RFC 7523), as a form writes it.
const GRANT: &str = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
/// Seconds for which the assertion is good; a token is asked for at once.
const ASSERTION_LIFE: u64 = 300;

/// Why a key cannot be used; it never quotes the key, and begins with a verb: "the file … is not JSON".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeyError(String);

/// A service account that may be asked for a token.
pub struct ServiceAccount {
    email: String,
    token_url: String,
    key_id: Option<String>,
    key: EncodingKey,
}

/// What the account says of itself.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'a str,
    aud: &'a str,
    iat: u64,
    exp: u64,
}

/// The answer of the token's server.
#[derive(Deserialize)]
struct Token {
    access_token: Secret,
}

impl ServiceAccount {
    /// The account of a key file.
    pub fn of_key_file(file: &Path) -> Result<Self, KeyError> {
        let bytes = fs::read(file).map_err(|error| KeyError(format!("cannot be read: {error}")))?;
        let key: Value =
            serde_json::from_slice(&bytes).map_err(|error| KeyError(format!("is not JSON (line {})", error.line())))?;
        let text = |name: &str| {
            let text = key[name].as_str().filter(|text| !text.is_empty());
            text.ok_or_else(|| KeyError(format!("is not the key of a service account: there is no {name}")))
        };
        if text("type")? != "service_account" {
            return Err(KeyError("is not the key of a service account: its type is another".to_owned()));
        }
        let (email, token_url) = (text("client_email")?, text("token_uri")?);
        let private_key = Secret::from(text("private_key")?.to_owned());
        let key_id = text("private_key_id").ok().map(str::to_owned);
        Ok(Self::new(email, &private_key, key_id)?.with_token_url(token_url))
    }

    /// The account with this e-mail address and private key, PEM of PKCS #8.
    pub fn new(email: &str, private_key: &Secret, key_id: Option<String>) -> Result<Self, KeyError> {
        let key = PrivatePkcs8KeyDer::from_pem_slice(private_key.expose().as_bytes())
            .map_err(|_| KeyError("has a private_key that is not PEM of PKCS #8".to_owned()))?;
        let key = EncodingKey::from_rsa_der(key.secret_pkcs8_der());
        Ok(Self { email: email.to_owned(), token_url: TOKEN_URL.to_owned(), key_id, key })
    }

    /// The account, asking for tokens elsewhere.
    #[must_use]
    pub fn with_token_url(self, token_url: &str) -> Self {
        Self { token_url: token_url.to_owned(), ..self }
    }

    /// Its e-mail address, with which files are shared.
    pub fn email(&self) -> &str {
        &self.email
    }

    /// Where to ask for a token.
    pub fn token_url(&self) -> &str {
        &self.token_url
    }

    /// The form to post there, as a secret; the token will be good for `scope`.
    pub fn token_request(&self, scope: &str) -> Result<Secret, KeyError> {
        // Whoever signed before has installed the same.
        let _ = SIGNING.install_default();
        // Now, not the instant of a report: the server of tokens compares it with its own clock.
        let iat = get_current_timestamp();
        let claims = Claims { iss: &self.email, scope, aud: &self.token_url, iat, exp: iat + ASSERTION_LIFE };
        let header = Header { kid: self.key_id.clone(), ..Header::new(Algorithm::RS256) };
        let assertion = jsonwebtoken::encode(&header, &claims, &self.key)
            .map_err(|_| KeyError("has a private_key that does not sign".to_owned()))?;
        Ok(Secret::from(format!("grant_type={GRANT}&assertion={assertion}")))
    }
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount").field("email", &self.email).finish_non_exhaustive()
    }
}

/// The token in the answer to a [`ServiceAccount::token_request`].
pub fn access_token(answer: &[u8]) -> Option<Secret> {
    // The error may quote the answer, and the answer may hold a token.
    serde_json::from_slice(answer).ok().map(|token: Token| token.access_token)
}

/// RSA signatures by ring, and nothing else.
static SIGNING: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| match algorithm {
        Algorithm::RS256 => {
            let pair = RsaKeyPair::from_pkcs8(key.as_bytes());
            Ok(Box::new(Rs256(pair.map_err(|error| ErrorKind::InvalidRsaKey(error.to_string()))?)))
        }
        _ => Err(ErrorKind::UnsupportedAlgorithm.into()),
    },
    verifier_factory: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
    key_utils: KeyUtils::new_unimplemented(),
};

struct Rs256(RsaKeyPair);

impl Signer<Vec<u8>> for Rs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        let mut signed = vec![0; self.0.public().modulus_len()];
        let result = self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signed);
        result.map(|()| signed).map_err(|_| signature::Error::new())
    }
}

impl JwtSigner for Rs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}
