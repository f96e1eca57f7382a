//! twinzo's API described where the vendor describes it: the OpenAPI document and Swagger UI, below `/swagger`.
//!
//! These are no exchanges with a vendor: no rule sees them, and no journal has them.

mod assets;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, Method, StatusCode};

use crate::answer::Answer;
use crate::twinzo::openapi::{self, Dialect};
use assets::Asset;

/// What there is below `/swagger`.
#[derive(Clone, Copy, Debug)]
enum Page {
    Document(Dialect),
    /// A file, and its media type.
    Own(&'static str, &'static str),
    /// A file of Swagger UI's.
    Asset(&'static Asset),
    /// The page is there, seen from here.
    Moved(&'static str),
}

/// Assets are as they are for as long as the program runs; all else may change with the next one on the same port.
const FOR_AN_HOUR: HeaderValue = HeaderValue::from_static("max-age=3600");
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// Whether a path leads here. Like the vendor's other paths it may be in any case.
pub(crate) fn is_ours(path: &str) -> bool {
    below(path).is_some()
}

/// The answer to a request for a path; `base_url` is what the document tells clients.
pub(crate) fn answer(method: &Method, path: &str, base_url: &str) -> Answer {
    let Some(page) = below(path).and_then(Page::find) else {
        let detail = format!("there is no {path}; /swagger has docs/v3, docs/v3/openapi-3.0 and ui/index");
        return Answer::problem(StatusCode::NOT_FOUND, detail);
    };
    if *method != Method::GET && *method != Method::HEAD {
        return Answer::method_not_allowed(&[Method::GET, Method::HEAD]);
    }
    page.answer(base_url)
}

/// What follows `/swagger`, if that is where the path leads.
fn below(path: &str) -> Option<&str> {
    let (head, rest) = path.split_at_checked("/swagger".len())?;
    (head.eq_ignore_ascii_case("/swagger") && (rest.is_empty() || rest.starts_with('/'))).then_some(rest)
}

// === impl Page ===

impl Page {
    fn find(rest: &str) -> Option<Self> {
        let html = "text/html; charset=utf-8";
        let script = "text/javascript; charset=utf-8";
        Some(match rest.to_ascii_lowercase().as_str() {
            "/docs/v3" | "/docs/v3/" => Self::Document(Dialect::Current),
            "/docs/v3/openapi-3.0" | "/docs/v3/openapi-3.0/" => Self::Document(Dialect::Older),
            "/ui/index" => Self::Own(include_str!("swagger/index.html"), html),
            "/ui/swagger-initializer.js" => Self::Own(include_str!("swagger/swagger-initializer.js"), script),
            // As seen from each: whatever stands before /swagger stays.
            "" => Self::Moved("swagger/ui/index"),
            "/" | "/ui" => Self::Moved("ui/index"),
            "/ui/" | "/ui/index.html" => Self::Moved("index"),
            "/ui/index/" => Self::Moved("../index"),
            other => Self::Asset(Asset::find(other.strip_prefix("/ui/")?)?),
        })
    }

    fn answer(self, base_url: &str) -> Answer {
        match self {
            Self::Document(dialect) => {
                let document = openapi::document(dialect, base_url);
                let json = HeaderValue::from_static("application/json");
                Answer::json(StatusCode::OK, json, &document).with_header(CACHE_CONTROL, ASK_AGAIN)
            }
            Self::Own(text, media_type) => {
                let mut answer = Answer::empty(StatusCode::OK).with_header(CACHE_CONTROL, ASK_AGAIN);
                answer.headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
                answer.body = text.into();
                answer
            }
            Self::Asset(asset) => match asset.bytes() {
                Ok(bytes) => {
                    let mut answer = Answer::empty(StatusCode::OK).with_header(CACHE_CONTROL, FOR_AN_HOUR);
                    answer.headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.media_type()));
                    answer.body = bytes;
                    answer
                }
                Err(error) => Answer::internal(&error),
            },
            Self::Moved(place) => {
                Answer::empty(StatusCode::FOUND).with_header(LOCATION, HeaderValue::from_static(place))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_end_where_a_segment_ends_and_may_be_in_any_case() {
        for path in ["/swagger", "/Swagger/", "/SWAGGER/docs/v3", "/swagger/nothing"] {
            assert!(is_ours(path), "{path}");
        }
        for path in ["/swag", "/swaggers", "/v3/swagger", "/", "/swägger"] {
            assert!(!is_ours(path), "{path}");
        }
    }

    #[test]
    fn every_way_to_the_page_leads_there() {
        for (path, place) in [
            ("/swagger", "swagger/ui/index"),
            ("/swagger/", "ui/index"),
            ("/swagger/ui", "ui/index"),
            ("/Swagger/UI/", "index"),
            ("/swagger/ui/index.html", "index"),
            ("/swagger/ui/index/", "../index"),
        ] {
            let answer = answer(&Method::GET, path, "http://mock.test");
            assert_eq!((answer.status.as_u16(), answer.headers[LOCATION].to_str().unwrap()), (302, place), "{path}");
        }
    }

    #[test]
    fn nothing_but_what_the_page_needs_is_served() {
        for path in ["/swagger/ui/package.json", "/swagger/ui/../package.json", "/swagger/ui/", "/swagger/docs/v2"] {
            let status = answer(&Method::GET, path, "http://mock.test").status;
            assert_ne!(status, StatusCode::OK, "{path}");
        }
    }
}
