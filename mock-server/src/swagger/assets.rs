//! Files of Swagger UI (Apache-2.0), which travel within the program as an archive. Each is unpacked when it is first
//! asked for.

use std::io::{Cursor, Read};
use std::sync::OnceLock;

use anyhow::Context;
use bytes::Bytes;
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

/// A file of the archive that is served.
#[derive(Debug)]
pub(super) struct Asset {
    /// Its place within the archive's one folder.
    place: &'static str,
    media_type: &'static str,
    bytes: OnceLock<Bytes>,
}

const fn asset(place: &'static str, media_type: &'static str) -> Asset {
    Asset { place, media_type, bytes: OnceLock::new() }
}

/// What the page asks for, and under which terms it may be passed on.
static ASSETS: [Asset; 8] = [
    asset("dist/index.css", "text/css; charset=utf-8"),
    asset("dist/swagger-ui.css", "text/css; charset=utf-8"),
    asset("dist/swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    asset("dist/swagger-ui-standalone-preset.js", "text/javascript; charset=utf-8"),
    asset("dist/favicon-16x16.png", "image/png"),
    asset("dist/favicon-32x32.png", "image/png"),
    asset("LICENSE", "text/plain; charset=utf-8"),
    asset("NOTICE", "text/plain; charset=utf-8"),
];

// === impl Asset ===

impl Asset {
    /// The one of a name, which may be in any case.
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        ASSETS.iter().find(|asset| asset.place.trim_start_matches("dist/").eq_ignore_ascii_case(name))
    }

    pub(super) fn media_type(&self) -> &'static str {
        self.media_type
    }

    pub(super) fn bytes(&self) -> anyhow::Result<Bytes> {
        if let Some(bytes) = self.bytes.get() {
            return Ok(bytes.clone());
        }
        let unpacked = unpack(self.place).with_context(|| format!("Swagger UI: {}", self.place))?;
        Ok(self.bytes.get_or_init(|| unpacked).clone())
    }
}

fn unpack(place: &str) -> anyhow::Result<Bytes> {
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    // The folder's name has a version in it.
    let is_meant = |index: &usize| match archive.name_for_index(*index) {
        Some(Ok(name)) => name.split_once('/').is_some_and(|(_, rest)| rest == place),
        Some(Err(_)) | None => false,
    };
    let index = (0..archive.len()).find(is_meant);
    let mut file = archive.by_index(index.context("the archive does not have it")?)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_asset_is_in_the_archive() {
        for asset in &ASSETS {
            assert!(!asset.bytes().unwrap().is_empty(), "{}", asset.place);
        }
        assert!(Asset::find("Swagger-UI.css").is_some() && Asset::find("dist/index.css").is_none());
    }
}
