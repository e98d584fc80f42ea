//! Why a file cannot be fetched.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;

use super::address::AddressError;

/// Why a file cannot be fetched, and what to do about it. It shows no query, no key and no token.
#[derive(Debug)]
pub struct FetchError {
    location: String,
    problem: Problem,
    advice: String,
}

impl FetchError {
    /// What was met at `location`; `sharing` says how a file there is given to the reporter.
    pub fn new(location: impl fmt::Display, problem: Problem, sharing: &str) -> Self {
        let advice = problem.advice(sharing).to_owned();
        Self { location: location.to_string(), problem, advice }
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.location, self.problem)?;
        if !self.advice.is_empty() {
            write!(f, "; {}", self.advice)?;
        }
        Ok(())
    }
}

impl Error for FetchError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.problem.source()
    }
}

/// What was met.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// No answer, or not a whole one.
    #[error("no answer from {server}: {reason}")]
    Unreachable {
        /// Who was asked.
        server: String,
        /// What was met.
        reason: String,
    },
    /// The time is over.
    #[error("it took longer than {seconds} s (uptime.ingest.timeout_s)")]
    Timeout {
        /// The limit.
        seconds: f64,
    },
    /// More bytes than anybody expects.
    #[error("it is larger than {limit} bytes (uptime.ingest.max_bytes)")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// An answer other than the file.
    #[error("refused with status {status}{}", words.as_deref().map_or_else(String::new, |words| format!(" ({words})")))]
    Status {
        /// HTTP status.
        status: u16,
        /// The server's own words.
        words: Option<String>,
    },
    /// A page for people: most often one to sign in.
    #[error("it is a web page, not a CSV file")]
    Page,
    /// Compressed on the way, by something that was not offered.
    #[error("the answer is encoded as {0}, which was not asked for")]
    Encoding(String),
    /// A loop of redirects, or nearly one.
    #[error("more than {0} redirects")]
    Redirects(u32),
    /// A redirect to where nobody should be sent.
    #[error("redirected to where it must not lead: {0}")]
    Redirect(AddressError),
    /// Another machine sends to a service of this one.
    #[error("redirected to this machine ({0})")]
    RedirectInside(String),
    /// An answer that is not as documented.
    #[error("the answer of {address} is not what Google documents: {reason}")]
    Malformed {
        /// Who was asked.
        address: String,
        /// What is wrong.
        reason: String,
    },
    /// Drive is asked in the name of a service account only.
    #[error("a file on Google Drive needs the key of a service account, and GOOGLE_APPLICATION_CREDENTIALS is not set")]
    NoCredentials,
    /// The key file is not one.
    #[error("GOOGLE_APPLICATION_CREDENTIALS is {}, which {reason}", file.display())]
    Credentials {
        /// The key file.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// No token for the key.
    #[error("the service account {account} gets no token: {problem}")]
    Token {
        /// E-mail address of the service account.
        account: String,
        /// Why.
        problem: Box<Problem>,
    },
    /// What is on Drive is a document of Google's.
    #[error("it is a Google document ({kind}), not a CSV file")]
    Document {
        /// Its MIME type.
        kind: String,
    },
    /// A setting that is no address.
    #[error("{key}: {problem}")]
    Setting {
        /// The setting.
        key: &'static str,
        /// What is wrong.
        problem: AddressError,
    },
    /// The folder of fetched files cannot be used.
    #[error("cannot keep it in {} (uptime.ingest.cache_dir)", folder.display())]
    Cache {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Problem {
    /// What the operator may do.
    fn advice<'a>(&self, sharing: &'a str) -> &'a str {
        match self {
            Self::Status { status: 401 | 403 | 404, .. } | Self::Page => sharing,
            Self::Token { problem, .. } if matches!(**problem, Self::Status { status: 400..=403, .. }) => {
                "check that its key was not deleted and that the clock of this machine is right"
            }
            Self::Document { .. } => "give the link of the sheet, or store it there as a CSV file",
            _ => "",
        }
    }
}
