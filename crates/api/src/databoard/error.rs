//! Errors as the front end reads them: `{"detail": …}`.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, ResponseError};
use metrics_core::db::databoard::Refusal;
use metrics_core::db::{DbError, reader};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// One thing that is wrong with parameters or a body.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Item {
    /// Kind of the error.
    #[serde(rename = "type")]
    #[schema(example = "int_parsing")]
    pub kind: &'static str,
    /// Where it is: `["query", NAME]` or `["body"]`.
    #[schema(example = json!(["query", "begin_time"]))]
    pub loc: Vec<String>,
    /// What is wrong.
    #[schema(example = "Input should be a valid integer, unable to parse string as an integer")]
    pub msg: String,
    /// What was sent.
    #[schema(value_type = Object)]
    pub input: Value,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub ctx: Option<Value>,
}

/// The body of an error.
#[derive(Debug, Serialize, ToSchema)]
pub struct Detail {
    /// A sentence, or with status 422 a list of what is wrong.
    detail: DetailOf,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum DetailOf {
    Text(String),
    List(Vec<Item>),
}

/// Why a request was not answered with a result.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// A status and a sentence.
    #[error("{1}")]
    Told(StatusCode, String),
    /// Parameters or a body that cannot be used.
    #[error("wrong parameters or body")]
    Invalid(Vec<Item>),
    /// The address exists, but not for this method.
    #[error("Method Not Allowed")]
    MethodNotAllowed(&'static str),
    /// No bearer token came.
    #[error("Not authenticated")]
    NotAuthenticated,
    /// The time was over; nothing was changed.
    #[error("Request timed out")]
    TimedOut,
    /// The database does not answer.
    #[error("The database does not answer at the moment")]
    Unavailable(#[source] DbError),
    /// Anything else; what, only the log says.
    #[error("Internal Server Error")]
    Internal(#[source] anyhow::Error),
}

impl Refused {
    /// 404.
    pub fn not_found(what: &str) -> Self {
        Self::Told(StatusCode::NOT_FOUND, format!("{what} not found"))
    }

    /// 400.
    pub fn bad_request(text: &str) -> Self {
        Self::Told(StatusCode::BAD_REQUEST, text.to_owned())
    }

    /// 422 with a sentence.
    pub fn unprocessable(text: impl Into<String>) -> Self {
        Self::Told(StatusCode::UNPROCESSABLE_ENTITY, text.into())
    }

    /// The refusal of the store about the dashboard `id`.
    pub fn of(refusal: Refusal, id: &str) -> Self {
        match refusal {
            Refusal::NotFound => Self::not_found("Dashboard"),
            Refusal::Protected => protected(id),
            Refusal::OtherVersion(version) => Self::Told(
                StatusCode::PRECONDITION_FAILED,
                format!("Dashboard {id} has been changed: it has version {version}."),
            ),
            Refusal::NoRoom => Self::Told(
                StatusCode::INSUFFICIENT_STORAGE,
                "There is no room for the dashboard: the others are whitelisted.".to_owned(),
            ),
            Refusal::Exists => Self::Told(StatusCode::CONFLICT, format!("Dashboard {id} exists.")),
            Refusal::TimedOut => Self::TimedOut,
            Refusal::NoAnswer => Self::Told(
                StatusCode::SERVICE_UNAVAILABLE,
                "The database did not say whether the change stays: look at the dashboard.".to_owned(),
            ),
            Refusal::Db(error) => error.into(),
        }
    }
}

/// 403 of a protected dashboard.
pub fn protected(id: &str) -> Refused {
    Refused::Told(StatusCode::FORBIDDEN, format!("Dashboard {id} is protected and cannot be changed."))
}

impl From<DbError> for Refused {
    fn from(error: DbError) -> Self {
        if error.is_statement_timeout() {
            Self::TimedOut
        } else if reader::is_transient(&error) {
            Self::Unavailable(error)
        } else {
            Self::Internal(error.into())
        }
    }
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Told(status, _) => *status,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAuthenticated => StatusCode::UNAUTHORIZED,
            Self::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            Self::Unavailable(error) => tracing::error!("{self}: {error}"),
            Self::Internal(error) => tracing::error!("{self}: {error:#}"),
            _ => {}
        }
        let detail = match self {
            Self::Invalid(items) => DetailOf::List(items.clone()),
            other => DetailOf::Text(other.to_string()),
        };
        let mut response = HttpResponse::build(self.status_code());
        match self {
            Self::MethodNotAllowed(allow) => {
                response.insert_header((header::ALLOW, HeaderValue::from_static(allow)));
            }
            Self::NotAuthenticated => {
                response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
            }
            Self::Unavailable(_) => {
                response.insert_header((header::RETRY_AFTER, "5"));
            }
            _ => {}
        }
        response.json(Detail { detail })
    }
}

/// 404 of an address that leads nowhere.
pub async fn not_found() -> Result<HttpResponse, Refused> {
    Err(Refused::Told(StatusCode::NOT_FOUND, "Not Found".to_owned()))
}

/// 405.
pub fn other_method(allow: &'static str) -> Result<HttpResponse, Refused> {
    Err(Refused::MethodNotAllowed(allow))
}

/// Gives refusals of the server's own machinery, as of an address that cannot be decoded, the form of the others.
pub async fn in_form(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    // The request is not cloned: whoever routes it needs it for itself.
    match next.call(request).await {
        Ok(response) => {
            let response = response.map_into_boxed_body();
            let Some(refused) = response.response().error().and_then(in_our_words) else { return Ok(response) };
            let (request, _) = response.into_parts();
            Ok(ServiceResponse::new(request, refused.error_response()))
        }
        Err(error) => Err(in_our_words(&error).map_or(error, Error::from)),
    }
}

/// What is said in the place of an error of the server's own machinery.
fn in_our_words(error: &Error) -> Option<Refused> {
    if error.as_error::<Refused>().is_some() {
        return None;
    }
    let status = error.as_response_error().status_code();
    Some(Refused::Told(status, status.canonical_reason().unwrap_or("Error").to_owned()))
}
