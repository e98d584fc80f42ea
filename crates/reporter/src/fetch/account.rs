//! A service account of Google's: its key signs a request for a token, and the token opens what is shared with it.

use std::fs;
use std::path::{Path, PathBuf};

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
use ureq::http::header::HeaderValue;
use url::form_urlencoded;

use super::address::Address;
use super::error::Problem;
use super::transfer::Transfer;

/// What a token may be used for: to read files.
const SCOPE: &str = "https://www.googleapis.com/auth/drive.readonly";
/// What is asked for: a token in exchange for a signed assertion (RFC 7523).
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Seconds for which the assertion is good; a token is asked for at once.
const ASSERTION_LIFE: u64 = 300;

/// A service account that may be asked for a token.
pub struct Account {
    /// Its e-mail address, with which files are shared.
    pub email: String,
    token_address: Address,
    key: EncodingKey,
    file: PathBuf,
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
    access_token: String,
}

impl Account {
    /// The account of a key file, or why it is none; the reason never quotes the file.
    pub fn of_key_file(file: &Path) -> Result<Self, Problem> {
        Self::read(file).map_err(|reason| Problem::Credentials { file: file.to_owned(), reason })
    }

    fn read(file: &Path) -> Result<Self, String> {
        let bytes = fs::read(file).map_err(|error| format!("cannot be read: {error}"))?;
        let key: Value =
            serde_json::from_slice(&bytes).map_err(|error| format!("is not JSON (line {})", error.line()))?;
        let text = |name: &str| {
            let text = key[name].as_str().filter(|text| !text.is_empty());
            text.ok_or_else(|| format!("is not the key of a service account: there is no {name}"))
        };
        if text("type")? != "service_account" {
            return Err("is not the key of a service account: its type is another".to_owned());
        }
        let email = text("client_email")?.to_owned();
        let token_address =
            Address::parse(text("token_uri")?).map_err(|error| format!("has an unusable token_uri: {error}"))?;
        let key = PrivatePkcs8KeyDer::from_pem_slice(text("private_key")?.as_bytes())
            .map_err(|_| "has a private_key that is not PEM of PKCS #8".to_owned())?;
        let key = EncodingKey::from_rsa_der(key.secret_pkcs8_der());
        Ok(Self { email, token_address, key, file: file.to_owned() })
    }

    /// The header that opens what the account may read.
    pub fn authorization(&self, transfer: &Transfer) -> Result<HeaderValue, Problem> {
        let assertion = self.assertion().map_err(|_| Problem::Credentials {
            file: self.file.clone(),
            reason: "has a private_key that does not sign".to_owned(),
        })?;
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", GRANT)
            .append_pair("assertion", &assertion)
            .finish();
        let failed = |problem| Problem::Token { account: self.email.clone(), problem: Box::new(problem) };
        let answer = transfer.post_form(&self.token_address, &form).map_err(failed)?;
        // The error may quote the answer, and the answer may hold a token.
        let malformed = || {
            let reason = "it holds no access_token".to_owned();
            failed(Problem::Malformed { address: self.token_address.to_string(), reason })
        };
        let token: Token = serde_json::from_slice(&answer).map_err(|_| malformed())?;
        let mut header = HeaderValue::try_from(format!("Bearer {}", token.access_token)).map_err(|_| malformed())?;
        header.set_sensitive(true);
        Ok(header)
    }

    /// The signed assertion that the account is who it says.
    fn assertion(&self) -> Result<String, jsonwebtoken::errors::Error> {
        // Whoever signed before has installed the same.
        let _ = SIGNING.install_default();
        // Now, not the instant of a report: the server of tokens compares it with its own clock.
        let iat = get_current_timestamp();
        let aud = self.token_address.expose();
        let claims = Claims { iss: &self.email, scope: SCOPE, aud, iat, exp: iat + ASSERTION_LIFE };
        jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &self.key)
    }
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
