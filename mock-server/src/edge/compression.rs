//! Compressed answers: brotli before gzip, and only where a client asks for one of them (RFC 9110 §12.5.3).

use std::io::{self, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, VARY};
use http::{HeaderMap, HeaderValue};

use crate::answer::Answer;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Coding {
    Brotli,
    Gzip,
}

/// Fast, for answers that are made while somebody waits.
const BROTLI_QUALITY: u32 = 4;
const BROTLI_WINDOW: u32 = 20;
const BUFFER: usize = 4096;

/// Compresses a body, unless it is empty or a rule has given it a coding of its own.
pub(super) fn compress(asked: &HeaderMap, answer: &mut Answer) {
    if answer.body.is_empty() || answer.headers.contains_key(CONTENT_ENCODING) {
        return;
    }
    let Some(coding) = chosen(asked) else { return };
    let (name, compressed) = match coding {
        Coding::Brotli => ("br", brotli(&answer.body)),
        Coding::Gzip => ("gzip", gzip(&answer.body)),
    };
    match compressed {
        Ok(body) => {
            answer.body = body;
            answer.headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
            answer.headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        Err(error) => tracing::error!("internal error: an answer cannot be compressed: {error}"),
    }
}

fn brotli(body: &[u8]) -> io::Result<Bytes> {
    let mut out = Vec::with_capacity(body.len() / 2 + 64);
    {
        let mut writer = brotli::CompressorWriter::new(&mut out, BUFFER, BROTLI_QUALITY, BROTLI_WINDOW);
        writer.write_all(body)?;
    }
    Ok(out.into())
}

fn gzip(body: &[u8]) -> io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 2 + 64), Compression::fast());
    encoder.write_all(body)?;
    Ok(encoder.finish()?.into())
}

/// The coding that a client likes best among ours; of two that it likes equally, brotli. A `*` stands for those that it
/// does not name.
fn chosen(asked: &HeaderMap) -> Option<Coding> {
    let named: Vec<(String, f32)> = asked
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(weighed)
        .collect();
    let weight = |names: &[&str]| {
        let of = |wanted: &str| named.iter().find(|(name, _)| name == wanted).map(|(_, weight)| *weight);
        names.iter().find_map(|name| of(name)).or_else(|| of("*")).unwrap_or(0.0)
    };
    let (brotli, gzip) = (weight(&["br"]), weight(&["gzip", "x-gzip"]));
    if brotli <= 0.0 && gzip <= 0.0 {
        None
    } else if brotli >= gzip {
        Some(Coding::Brotli)
    } else {
        Some(Coding::Gzip)
    }
}

/// `gzip;q=0.5` → `("gzip", 0.5)`.
fn weighed(part: &str) -> (String, f32) {
    let mut parts = part.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default().to_ascii_lowercase();
    let weight = parts.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse::<f32>())
    });
    // What is no weight is no wish.
    let weight = weight.map_or(1.0, |weight| weight.ok().filter(|weight| (0.0..=1.0).contains(weight)).unwrap_or(0.0));
    (name, weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coding_is_the_clients_choice() {
        let check = |text: &'static str, expected| {
            let mut asked = HeaderMap::new();
            asked.insert(ACCEPT_ENCODING, HeaderValue::from_static(text));
            assert_eq!(chosen(&asked), expected, "{text}");
        };
        check("gzip, deflate", Some(Coding::Gzip));
        check("gzip, deflate, br", Some(Coding::Brotli));
        check("br;q=0.2, GZIP;q=0.8", Some(Coding::Gzip));
        check("br;q=0, gzip;Q=0", None);
        check("br;q=nan, gzip;q=7", None);
        check("identity", None);
        check("*", Some(Coding::Brotli));
        check("*;q=0, gzip", Some(Coding::Gzip));
        assert_eq!(chosen(&HeaderMap::new()), None);
    }
}
