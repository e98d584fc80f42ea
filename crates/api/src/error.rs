//! What a request can be answered instead of a result, and the two forms of saying so.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use metrics_core::db::{DbError, reader};
use metrics_core::export::Form;
use serde::Serialize;
use utoipa::ToSchema;

/// Seconds after which a client may try again what was refused for lack of a database or of time.
const RETRY_AFTER_S: u16 = 5;

/// Media type of problems.
pub const PROBLEM: &str = "application/problem+json";

/// One field of a request that was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Name of the query parameter or form field.
    #[schema(example = "end_date")]
    pub field: String,
    /// What is wrong with it.
    #[schema(example = "must not be before start_date")]
    pub reason: String,
}

/// Why a request was not answered with a result.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// Parameters or form fields are missing, unknown, repeated or malformed.
    #[error("{}", describe(.0))]
    InvalidFields(Vec<FieldError>),
    /// The body is not a form.
    #[error("the body cannot be read as a form: {0}")]
    MalformedForm(&'static str),
    /// Nothing has this address, or what was asked for does not exist.
    #[error("{0}")]
    NotFound(String),
    /// The address exists, but not for this method.
    #[error("this address answers to {allow}")]
    MethodNotAllowed {
        /// Methods that it answers to, as the header `Allow` lists them.
        allow: &'static str,
    },
    /// The body is too large.
    #[error("the body exceeds {limit} bytes")]
    BodyTooLarge {
        /// Largest body, bytes.
        limit: usize,
    },
    /// The address is too long.
    #[error("the address exceeds {limit} bytes")]
    UriTooLong {
        /// Longest address, bytes.
        limit: usize,
    },
    /// The body is in a form that is not read.
    #[error("send the fields as application/x-www-form-urlencoded or multipart/form-data")]
    UnsupportedMediaType,
    /// No form of the result is acceptable to the client.
    #[error("none of the accepted encodings is available; available are br, gzip, deflate and identity")]
    NotAcceptable,
    /// The result has no form that the client accepts.
    #[error("none of the accepted media types is available; available are {}", media_types())]
    NoSuchForm,
    /// The request took too long.
    #[error("the request took too long; ask for fewer cooling units or days")]
    Timeout,
    /// The database did not answer.
    #[error("the database does not answer at the moment")]
    Unavailable(#[source] DbError),
    /// The operational database did not answer, or lacks what is asked of it.
    #[error("the operational database cannot be read at the moment")]
    SourceUnavailable(#[source] DbError),
    /// As many reports wait as may.
    #[error("too many reports wait; ask again when some are complete")]
    TooManyReports,
    /// Refused by the server's own machinery.
    #[error("the request cannot be answered")]
    Other(StatusCode),
    /// Anything else; what, only the log says.
    #[error("the request could not be answered")]
    Internal(#[source] anyhow::Error),
}

/// Fields with their reasons in one line.
fn describe(fields: &[FieldError]) -> String {
    let each: Vec<_> = fields.iter().map(|error| format!("{}: {}", error.field, error.reason)).collect();
    each.join("; ")
}

/// Media types of results.
fn media_types() -> String {
    Form::ALL.map(Form::media_type).join(", ")
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        if reader::is_transient(&error) { Self::Unavailable(error) } else { Self::Internal(error.into()) }
    }
}

impl From<serde_json::Error> for ApiError {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(error.into())
    }
}

/// An error as `application/problem+json` (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Kind of the problem; `about:blank`: the status says it all.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    kind: &'static str,
    /// Name of the status.
    #[schema(example = "Bad Request")]
    title: &'static str,
    /// Status code of the response.
    #[schema(minimum = 400, maximum = 599, example = 400)]
    status: u16,
    /// What happened, in one sentence.
    #[schema(example = "end_date: must not be before start_date")]
    detail: String,
    /// The fields that were not accepted; only with status 400.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: Vec<FieldError>,
}

/// An error of the form routes.
#[derive(Debug, Serialize, ToSchema)]
pub struct FormProblem {
    /// What happened, in one sentence; with status 400 each field and its reason.
    #[schema(example = "end_date: must not be before start_date")]
    error: String,
}

impl ApiError {
    /// One field was not accepted.
    pub fn invalid(field: &str, reason: String) -> Self {
        Self::InvalidFields(vec![FieldError { field: field.to_owned(), reason }])
    }

    /// The error as the routes under `path` say it.
    pub fn response(&self, path: &str) -> HttpResponse {
        if is_form_route(path) { self.form_problem() } else { self.problem() }
    }

    fn problem(&self) -> HttpResponse {
        let status = self.status_code();
        let problem = Problem {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: self.to_string(),
            errors: if let Self::InvalidFields(errors) = self { errors.clone() } else { Vec::new() },
        };
        let mut response = HttpResponse::build(status).json(problem);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
        self.with_headers(response)
    }

    fn form_problem(&self) -> HttpResponse {
        self.with_headers(HttpResponse::build(self.status_code()).json(FormProblem { error: self.to_string() }))
    }

    /// `response` with the headers that the error asks for.
    pub fn with_headers(&self, mut response: HttpResponse) -> HttpResponse {
        let headers = response.headers_mut();
        match self {
            Self::MethodNotAllowed { allow } => {
                headers.insert(header::ALLOW, HeaderValue::from_static(allow));
            }
            Self::Timeout | Self::Unavailable(_) | Self::SourceUnavailable(_) | Self::TooManyReports => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_S));
            }
            Self::NotAcceptable => {
                headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
            }
            Self::NoSuchForm => {
                headers.insert(header::VARY, HeaderValue::from_static("accept"));
            }
            _ => {}
        }
        response
    }
}

/// True for the predecessor's routes, whose errors are `{"error": "…"}`.
fn is_form_route(path: &str) -> bool {
    matches!(path.strip_suffix('/').unwrap_or(path), "/company-slice" | "/coolingunit-slice" | "/impact-slice")
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::InvalidFields(_) | Self::MalformedForm(_) => StatusCode::BAD_REQUEST,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable | Self::NoSuchForm => StatusCode::NOT_ACCEPTABLE,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong { .. } => StatusCode::URI_TOO_LONG,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Timeout | Self::Unavailable(_) | Self::SourceUnavailable(_) | Self::TooManyReports => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Other(status) => *status,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The form without an address; `middleware::errors` puts the one of the route in its place.
    fn error_response(&self) -> HttpResponse {
        self.problem()
    }
}
