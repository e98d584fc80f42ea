//! A service account of Google's, and the header with which it reads files.

use std::path::{Path, PathBuf};

use metrics_core::google::{KeyError, ServiceAccount, access_token};
use ureq::http::header::HeaderValue;

use super::address::Address;
use super::error::Problem;
use super::transfer::Transfer;

/// What a token may be used for: to read files.
const SCOPE: &str = "https://www.googleapis.com/auth/drive.readonly";

/// A service account that may be asked for a token.
pub struct Account {
    service: ServiceAccount,
    token_address: Address,
    file: PathBuf,
}

impl Account {
    /// The account of a key file, or why it is none; the reason never quotes the file.
    pub fn of_key_file(file: &Path) -> Result<Self, Problem> {
        let refused = |reason: String| Problem::Credentials { file: file.to_owned(), reason };
        let account = ServiceAccount::of_key_file(file).map_err(|error| refused(error.to_string()))?;
        let token_address = Address::parse(account.token_url())
            .map_err(|error| refused(format!("has an unusable token_uri: {error}")))?;
        Ok(Self { service: account, token_address, file: file.to_owned() })
    }

    /// Its e-mail address, with which files are shared.
    pub fn email(&self) -> &str {
        self.service.email()
    }

    /// The header that opens what the account may read.
    pub fn authorization(&self, transfer: &Transfer) -> Result<HeaderValue, Problem> {
        let refused = |error: KeyError| Problem::Credentials { file: self.file.clone(), reason: error.to_string() };
        let form = self.service.token_request(SCOPE).map_err(refused)?;
        let failed = |problem| Problem::Token { account: self.email().to_owned(), problem: Box::new(problem) };
        let answer = transfer.post_form(&self.token_address, form.expose()).map_err(failed)?;
        let malformed = || {
            let reason = "it holds no access_token".to_owned();
            failed(Problem::Malformed { address: self.token_address.to_string(), reason })
        };
        let token = access_token(&answer).ok_or_else(malformed)?;
        let mut header = HeaderValue::try_from(format!("Bearer {}", token.expose())).map_err(|_| malformed())?;
        header.set_sensitive(true);
        Ok(header)
    }
}
