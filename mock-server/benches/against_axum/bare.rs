//! The floor: axum and `serde_json` as anybody would write them, no token, no journal, nothing stored.

use axum::routing::post;
use axum::serve::ListenerExt;
use axum::{Json, Router};
use wire::authorization::{Credential, TokenContract};
use wire::localization::{Action, LocalizationResult, Location, LocationResult};

/// Serves on a free port and prints it.
pub(crate) fn serve() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{{\"api\":\"http://{}\"}}", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/v3/Authorization/Authenticate", post(authenticate))
            .route("/v3/localization", post(localization));
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
        axum::serve(listener, router).await.unwrap();
    });
}

async fn authenticate(Json(credential): Json<Credential>) -> Json<TokenContract> {
    assert!(credential.login.is_some() && credential.password.is_some());
    Json(TokenContract {
        client: "004706bc-968b-41a9-9fa4-16465ca1e40d".to_owned(),
        token: "c2FtcGxlLXRva2VuLTMyLWJ5dGVzLWxvbmctYWJjZGU=".to_owned(),
        expiration: 1_767_312_000_123,
        created: 1_767_225_600_123,
        branch: "34599804-829e-480c-91e4-203e25b1cc53".to_owned(),
    })
}

async fn localization(Json(locations): Json<Vec<Location>>) -> Json<LocalizationResult> {
    let stored = |location: Location| LocationResult {
        timestamp: location.timestamp,
        action: Action::Create,
        success: true,
        error_message: None,
    };
    Json(LocalizationResult {
        login: "forklift-01".to_owned(),
        success: true,
        error_message: None,
        locations: locations.into_iter().map(stored).collect(),
    })
}
