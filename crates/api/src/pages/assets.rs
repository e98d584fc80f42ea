//! Styles, scripts and the icon: compiled in, and named after their content, so that a browser keeps them for good.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Bytes, Path};
use sha2::{Digest, Sha256};

use crate::error::ApiError;

/// Pattern of their addresses.
pub const PATTERN: &str = "/assets/{name}";

/// A file as it is compiled in.
struct Asset {
    name: &'static str,
    media_type: &'static str,
    content: &'static [u8],
    /// Its name with a part of its hash.
    hashed: String,
}

static ASSETS: LazyLock<[Asset; 9]> = LazyLock::new(|| {
    [
        asset("app.css", "text/css; charset=utf-8", include_bytes!("../../assets/app.css")),
        asset("app.js", "text/javascript; charset=utf-8", include_bytes!("../../assets/app.js")),
        asset("uplot.css", "text/css; charset=utf-8", include_bytes!("../../assets/vendor/uplot/uPlot.min.css")),
        asset(
            "uplot.js",
            "text/javascript; charset=utf-8",
            include_bytes!("../../assets/vendor/uplot/uPlot.iife.min.js"),
        ),
        asset("board.css", "text/css; charset=utf-8", include_bytes!("../../assets/databoard/board.css")),
        asset("chart.js", "text/javascript; charset=utf-8", include_bytes!("../../assets/databoard/chart.js")),
        asset("view.js", "text/javascript; charset=utf-8", include_bytes!("../../assets/databoard/view.js")),
        asset("list.js", "text/javascript; charset=utf-8", include_bytes!("../../assets/databoard/list.js")),
        asset("icon.svg", "image/svg+xml", include_bytes!("../../assets/icon.svg")),
    ]
});

fn asset(name: &'static str, media_type: &'static str, content: &'static [u8]) -> Asset {
    let hash = Sha256::digest(content);
    let hash = hash[..6].iter().fold(String::new(), |hash, byte| format!("{hash}{byte:02x}"));
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    Asset { name, media_type, content, hashed: format!("{stem}.{hash}.{extension}") }
}

/// Address of a file, from where the links of a page begin.
pub fn path(name: &str) -> String {
    let hashed = ASSETS.iter().find(|asset| asset.name == name).map_or(name, |asset| &asset.hashed);
    format!("assets/{hashed}")
}

/// A file.
pub async fn get(name: Path<String>) -> Result<HttpResponse, ApiError> {
    let found = ASSETS.iter().find(|asset| asset.hashed == *name);
    let asset = found.ok_or_else(|| ApiError::NotFound("there is no such file".to_owned()))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .content_type(asset.media_type)
        .body(Bytes::from_static(asset.content)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_the_hash_of_the_content() {
        let path = path("app.css");
        let hash = path.strip_prefix("assets/app.").and_then(|rest| rest.strip_suffix(".css")).expect("its form");
        assert!(hash.len() == 12 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{path}");
    }

    /// What VENDOR.md says of the files from elsewhere.
    #[test]
    fn vendored_files_are_those_that_the_list_names() {
        let list = include_str!("../../assets/vendor/VENDOR.md");
        for name in ["uplot.css", "uplot.js"] {
            let asset = ASSETS.iter().find(|asset| asset.name == name).expect("the file");
            let hash =
                Sha256::digest(asset.content).iter().fold(String::new(), |hash, byte| format!("{hash}{byte:02x}"));
            assert!(list.contains(&hash), "{name}: {hash}");
        }
    }
}
