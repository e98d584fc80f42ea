//! The token of operators.

use actix_web::HttpRequest;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, ResponseError as _};
use sha2::{Digest as _, Sha256};

use super::error::Refused;
use super::state::Databoard;

/// Lets through who shows the token, whatever the address below: others learn nothing of what there is.
pub async fn required(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match check(request.request()) {
        Ok(()) => Ok(next.call(request).await?.map_into_boxed_body()),
        Err(refused) => {
            let response = refused.error_response();
            Ok(request.into_response(response))
        }
    }
}

fn check(request: &HttpRequest) -> Result<(), Refused> {
    let expected = request.app_data::<Data<Databoard>>().and_then(|data| data.settings.maintenance_token.as_ref());
    let shown = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let shown = shown.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
    });
    let shown = shown.ok_or(Refused::NotAuthenticated)?;
    // Digests take the same time to compare wherever they differ from what was guessed.
    match expected {
        Some(expected) if Sha256::digest(expected.expose()) == Sha256::digest(shown) => Ok(()),
        _ => Err(Refused::Told(StatusCode::FORBIDDEN, "Forbidden".to_owned())),
    }
}
