//! Files on Google Drive: the token, what is asked, and what a refusal says.

use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Value, json};

use super::{Answer, Fetch, MORE_POLLS, POLLS, Request, Server, printed};
use crate::support::fixture;

const ROBOT: &str = "robot@project.example";
const TOKEN: &str = "ya29.open-sesame";
const MEDIA: &str = "alt=media";

fn private_key() -> String {
    std::fs::read_to_string(fixture("fetch/key.pem")).unwrap()
}

/// The key file of a service account whose tokens come from `server`.
fn key_file(server: &Server) -> Value {
    json!({
        "type": "service_account", "project_id": "project", "private_key_id": "1", "private_key": private_key(),
        "client_email": ROBOT, "token_uri": format!("{}/token", server.base_url),
    })
}

/// A test that asks `server` for tokens and files.
fn asking(server: &Server) -> Fetch {
    let mut fetch = Fetch::new();
    let file = fetch.write("key.json", key_file(server).to_string());
    fetch.set("GOOGLE_APPLICATION_CREDENTIALS", file);
    fetch.set("METRICS_UPTIME__INGEST__DRIVE_URL", format!("{}/drive/v3", server.base_url));
    fetch
}

/// Google as it is when all goes well, but for what `file` answers to requests about the file.
fn google(file: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Server {
    Server::start(move |_, request| {
        if request.target == "/token" {
            assert_eq!(request.method, "POST");
            return Answer::json(200, &json!({"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"}));
        }
        assert_eq!(request.method, "GET");
        assert!(request.target.starts_with("/drive/v3/files/1a-B_c?supportsAllDrives=true&"), "{}", request.target);
        if request.header("Authorization") == Some(&format!("Bearer {TOKEN}")) {
            file(request)
        } else {
            Answer::json(401, &json!({"error": {"code": 401, "message": "Login Required."}}))
        }
    })
}

fn about(revision: &str, size: usize) -> Answer {
    Answer::json(
        200,
        &json!({"mimeType": "text/csv", "size": size.to_string(), "md5Checksum": "0", "headRevisionId": revision}),
    )
}

fn google_error(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({"error": {"code": status, "message": message, "errors": []}}))
}

/// Claims of the assertion in a request for a token, after its signature was checked.
fn claims(request: &Request) -> Value {
    let assertion =
        request.body.strip_prefix("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=");
    let (signed, signature) = assertion.unwrap().rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let der = PrivatePkcs8KeyDer::from_pem_slice(private_key().as_bytes()).unwrap();
    let pair = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
    public.verify(signed.as_bytes(), &decoded(signature)).unwrap();
    let header: Value = serde_json::from_slice(&decoded(header)).unwrap();
    assert_eq!((&header["alg"], &header["typ"]), (&json!("RS256"), &json!("JWT")));
    serde_json::from_slice(&decoded(claims)).unwrap()
}

#[test]
fn a_file_is_read_with_a_token_and_not_read_again_while_it_is_the_same() {
    let current = Arc::new(Mutex::new(("1", POLLS)));
    let now = Arc::clone(&current);
    let server = google(move |request| {
        let (revision, body) = *now.lock().unwrap();
        if request.target.ends_with(MEDIA) {
            Answer::text(200, "Content-Type: text/csv", body)
        } else {
            about(revision, body.len())
        }
    });
    let fetch = asking(&server);
    assert_eq!(printed(fetch.report("drive:1a-B_c")), fetch.expected(POLLS));
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    assert_eq!(requests[0].header("Content-Type"), Some("application/x-www-form-urlencoded"));
    let claims = claims(&requests[0]);
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!(ROBOT), &json!(format!("{}/token", server.base_url))));
    assert_eq!(claims["scope"], "https://www.googleapis.com/auth/drive.readonly");
    let (from, to) = (claims["iat"].as_u64().unwrap(), claims["exp"].as_u64().unwrap());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert!(from <= now && now <= to && to - from <= 3_600, "{from} {now} {to}");
    assert_eq!(requests[1].parameter("fields"), Some("mimeType,size,md5Checksum,headRevisionId"));

    let kept = fetch.kept();
    assert!(kept.keys().all(|name| name.starts_with("1a-B_c-")), "{:?}", kept.keys());
    let link = "https://drive.google.com/file/d/1a-B_c/view?usp=sharing";
    assert_eq!(printed(fetch.report(link)), fetch.expected(POLLS));
    assert!(fetch.kept() == kept && server.requests().len() == 5, "read again");

    *current.lock().unwrap() = ("2", MORE_POLLS);
    assert_eq!(printed(fetch.report(link)), fetch.expected(MORE_POLLS));
    assert!(fetch.kept().keys().eq(kept.keys()));
}

#[test]
fn a_file_that_is_not_shared_comes_with_whom_to_share_it() {
    for (status, message) in [(404, "File not found: 1a-B_c."), (403, "The user does not have access."), (401, "No.")] {
        let server = google(move |_| google_error(status, message));
        let error = asking(&server).refused("drive:1a-B_c");
        let expected = format!("drive:1a-B_c: refused with status {status} ({message}); share the file with {ROBOT}\n");
        assert!(error.ends_with(&expected), "{error}");
    }
}

#[test]
fn a_document_and_a_large_file_are_refused_before_they_are_read() {
    let server = google(|request| {
        assert!(!request.target.ends_with(MEDIA));
        Answer::json(200, &json!({"mimeType": "application/vnd.google-apps.spreadsheet"}))
    });
    let error = asking(&server).refused("drive:1a-B_c");
    assert!(
        error.contains("it is a Google document (spreadsheet), not a CSV file; give the link of the sheet"),
        "{error}"
    );

    let server = google(|request| {
        assert!(!request.target.ends_with(MEDIA));
        about("1", 2_147_483_649)
    });
    let error = asking(&server).refused("drive:1a-B_c");
    assert!(error.contains("it is larger than 2147483648 bytes (uptime.ingest.max_bytes)"), "{error}");

    let server = google(|request| {
        if request.target.ends_with(MEDIA) {
            Answer::unmeasured(POLLS.as_bytes())
        } else {
            Answer::json(200, &json!({}))
        }
    });
    let mut fetch = asking(&server);
    fetch.set("METRICS_UPTIME__INGEST__MAX_BYTES", "10");
    assert!(fetch.refused("drive:1a-B_c").contains("it is larger than 10 bytes"));
}

#[test]
fn the_token_is_not_sent_elsewhere_and_not_shown() {
    let elsewhere = Server::start(|_, _| Answer::text(200, "", POLLS));
    let to = format!("Location: {}/content", elsewhere.base_url);
    let server =
        google(
            move |request| {
                if request.target.ends_with(MEDIA) { Answer::text(302, &to, "") } else { about("1", POLLS.len()) }
            },
        );
    let mut fetch = asking(&server);
    fetch.set("METRICS_LOG__LEVEL", "trace");
    let output = fetch.report("drive:1a-B_c");
    assert_eq!(output.status, 0, "{}", output.stderr);
    let requests = elsewhere.requests();
    assert_eq!((requests.len(), requests[0].header("Authorization")), (1, None));
    let (key, assertion) = (private_key(), server.requests()[0].body.clone());
    let key = key.lines().nth(3).unwrap();
    for secret in [TOKEN, key, assertion.rsplit('.').next().unwrap()] {
        assert!(!output.stderr.contains(secret), "{}", output.stderr);
        assert!(fetch.kept().values().all(|bytes| !bytes.escape_ascii().to_string().contains(secret)));
    }
}

#[test]
fn a_token_that_is_not_to_be_had_is_told_without_showing_the_key() {
    for (answer, message) in [
        (
            (|| Answer::json(400, &json!({"error": "invalid_grant", "error_description": "Invalid JWT Signature."})))
                as fn() -> Answer,
            "gets no token: refused with status 400 (Invalid JWT Signature.); check that its key was not deleted",
        ),
        (
            || Answer::json(200, &json!({"id_token": TOKEN})),
            "/token is not what Google documents: it holds no access_token",
        ),
        (|| Answer::json(200, &json!({"access_token": "a\nb"})), "it holds no access_token"),
        (|| Answer::text(302, "Location: /elsewhere", ""), "gets no token: refused with status 302"),
    ] {
        let server = Server::start(move |_, _| answer());
        let error = asking(&server).refused("drive:1a-B_c");
        assert!(error.contains(&format!("drive:1a-B_c: the service account {ROBOT} gets no token: ")), "{error}");
        assert!(error.contains(message) && !error.contains(TOKEN), "{error}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn a_key_file_that_is_none_is_told_by_name() {
    let server = google(|_| google_error(404, ""));
    let mut fetch = asking(&server);
    let refused = |text: &str, message: &str| {
        let file = fetch.write("key.json", text);
        let error = fetch.refused("drive:1a-B_c");
        assert!(error.contains(&format!("GOOGLE_APPLICATION_CREDENTIALS is {file}, which {message}")), "{error}");
        assert!(!error.contains("MII"), "{error}");
    };
    let with = |name: &str, value: Value| {
        let mut key = key_file(&server);
        key[name] = value;
        key.to_string()
    };
    refused("{\n\"private_key\": \"MII", "is not JSON (line 2)");
    refused(&json!("MII").to_string(), "is not the key of a service account: there is no type");
    refused(&with("type", json!("authorized_user")), "is not the key of a service account: its type is another");
    refused(&with("private_key", json!(17)), "is not the key of a service account: there is no private_key");
    refused(&with("private_key", json!("MIIE")), "has a private_key that is not PEM of PKCS #8");
    let no_key = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n";
    refused(&with("private_key", json!(no_key)), "has a private_key that does not sign");
    refused(&with("token_uri", json!("http://h.example/token")), "has an unusable token_uri: http://h.example is not");
    std::fs::remove_file(fetch.path("key.json")).unwrap();
    let error = fetch.refused("drive:1a-B_c");
    assert!(error.contains("key.json, which cannot be read: No such file"), "{error}");
    fetch.set("GOOGLE_APPLICATION_CREDENTIALS", "");
    let error = fetch.refused("drive:1a-B_c");
    assert!(
        error.contains("needs the key of a service account, and GOOGLE_APPLICATION_CREDENTIALS is not set"),
        "{error}"
    );
    assert!(server.requests().is_empty());
}

#[test]
fn an_address_of_drive_that_may_not_be_asked_is_a_wrong_setting() {
    let server = google(|_| google_error(404, ""));
    let mut fetch = asking(&server);
    fetch.set("METRICS_UPTIME__INGEST__DRIVE_URL", "http://h.example/drive/v3");
    let error = fetch.refused("drive:1a-B_c");
    assert!(error.contains("uptime.ingest.drive_url: http://h.example is not asked"), "{error}");
    assert!(server.requests().is_empty());
}
