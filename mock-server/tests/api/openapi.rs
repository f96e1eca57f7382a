//! The OpenAPI document and Swagger UI through the socket: docs/openapi.md.

use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::support::{Reply, TestServer, send};

async fn get(server: &TestServer, path: &str) -> Reply {
    send(server.request(Method::GET, path)).await
}

fn base_of(document: &Value) -> &str {
    document["servers"][0]["url"].as_str().unwrap()
}

#[tokio::test]
async fn the_document_is_where_the_vendor_has_it() {
    let server = TestServer::start().await;
    for (path, version) in [
        ("/swagger/docs/v3", "3.1.0"),
        ("/Swagger/Docs/V3/", "3.1.0"),
        ("/swagger/docs/v3/openapi-3.0", "3.0.3"),
        ("/SWAGGER/docs/v3/OpenAPI-3.0", "3.0.3"),
    ] {
        let reply = get(&server, path).await.assert(200);
        assert_eq!((reply.header("content-type"), reply.header("cache-control")), ("application/json", "no-cache"));
        let document = reply.json();
        assert_eq!(document["openapi"], version, "{path}");
        assert_eq!(base_of(&document), format!("{}/v3", server.server.base_url()));
        let login = &document["paths"]["/Authorization/Authenticate"]["post"];
        assert_eq!(login["operationId"], "Authorization_Authenticate");
        assert_eq!(document["paths"]["/Authorization/Token"]["get"]["operationId"], "Authorization_RefreshToken");
    }
}

#[tokio::test]
async fn the_document_names_the_server_as_its_reader_knows_it() {
    let server = TestServer::start().await;
    let by_name = server.request(Method::GET, "/swagger/docs/v3").header(header::HOST, "mock.test:81");
    assert_eq!(base_of(&send(by_name).await.json()), "http://mock.test:81/v3");
    let known = TestServer::with(|config| {
        config.server.public_url = Some("https://mock.test/base".to_owned());
    });
    let known = known.await;
    let port = known.server.addresses()[0].port();
    let request = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = request.get(format!("http://127.0.0.1:{port}/swagger/docs/v3"));
    assert_eq!(base_of(&send(request).await.json()), "https://mock.test/base/v3");
}

#[tokio::test]
async fn below_a_prefix_it_is_the_sandboxs() {
    let server = TestServer::start().await;
    let sandbox = server.sandbox(json!({ "name": "t1" })).await;
    let document = get(&server, &sandbox.path("/swagger/docs/v3")).await.assert(200).json();
    assert_eq!(base_of(&document), format!("{}/sandbox/t1/v3", server.server.base_url()));
    get(&server, &sandbox.path("/swagger/ui/index")).await.assert(200);
    get(&server, "/sandbox/nobody/swagger/docs/v3").await.assert_problem(404);
}

#[tokio::test]
async fn at_a_listener_of_its_own_it_is_that_listeners() {
    let server = TestServer::start().await;
    let sandbox = server.sandbox(json!({ "name": "t1" })).await;
    let own = sandbox.admin(Method::POST, "/listeners", Some(json!({ "port": 0 }))).await.assert(201).json();
    let url = own["url"].as_str().unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for prefix in ["", "/sandbox/t1"] {
        let document = send(http.get(format!("{url}{prefix}/swagger/docs/v3"))).await.assert(200).json();
        assert_eq!(base_of(&document), format!("{url}/v3"));
    }
    send(http.get(format!("{url}/sandbox/default/swagger/docs/v3"))).await.assert_problem(404);
    let trap = json!({ "port": 0, "role": "trap" });
    let trap = sandbox.admin(Method::POST, "/listeners", Some(trap)).await.assert(201).json();
    let trap = format!("{}/swagger/docs/v3", trap["url"].as_str().unwrap());
    assert_eq!(send(http.get(trap)).await.assert(200).text, "", "a trap takes whatever comes");
}

/// Whatever a page or script names in quotation marks below its own folder.
fn named(text: &str) -> Vec<String> {
    let quoted = text.split('"').skip(1).step_by(2);
    quoted.filter(|name| name.starts_with("./") || name.starts_with("../")).map(str::to_owned).collect()
}

#[tokio::test]
async fn the_page_finds_all_that_it_names() {
    let server = TestServer::start().await;
    let page = get(&server, "/swagger/ui/index").await.assert(200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let script = get(&server, "/swagger/ui/swagger-initializer.js").await.assert(200);
    let names = [named(&page.text), named(&script.text)].concat();
    assert_eq!(names.len(), 9, "{names:?}");
    for name in names {
        let path = match name.strip_prefix("../") {
            Some(rest) => format!("/swagger/{rest}"),
            None => format!("/swagger/ui/{}", name.trim_start_matches("./")),
        };
        let request = server.request(Method::GET, &path).header(header::ACCEPT_ENCODING, "identity");
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let expected = match path.rsplit('.').next() {
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("png") => "image/png",
            _ => "application/json",
        };
        assert_eq!(response.headers()["content-type"], expected, "{path}");
        assert!(!response.bytes().await.unwrap().is_empty(), "{path}");
    }
    let text = page.text + &script.text;
    assert!(!text.contains("http:") && !text.contains("https:"), "the page needs no network");
}

#[tokio::test]
async fn every_way_to_the_page_is_shown() {
    let server = TestServer::start().await;
    let sandbox = server.sandbox(json!({ "name": "t1" })).await;
    for prefix in [String::new(), sandbox.path("")] {
        for path in ["/swagger", "/swagger/", "/swagger/ui", "/swagger/ui/", "/swagger/ui/index/"] {
            let reached = server.request(Method::GET, &format!("{prefix}{path}")).send().await.unwrap();
            assert_eq!(reached.status(), 200);
            assert_eq!(reached.url().path(), format!("{prefix}/swagger/ui/index"));
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_404_and_nothing_is_written_here() {
    let server = TestServer::start().await;
    for path in ["/swagger/ui/nothing.js", "/swagger/docs/v2", "/swagger/ui/%2e%2e/package.json"] {
        get(&server, path).await.assert_problem(404);
    }
    for path in ["/swagger/docs/v3", "/swagger/ui/index", "/swagger/ui/index.css", "/swagger"] {
        let reply = send(server.request(Method::POST, path)).await.assert_empty(405);
        assert_eq!(reply.header("allow"), "GET, HEAD");
        assert_eq!(send(server.request(Method::HEAD, path)).await.text, "");
    }
    let journal = server.admin(Method::GET, "/requests", None).await.json();
    assert_eq!(journal["total"], 0, "none of this is an exchange with a vendor");
}

#[tokio::test]
async fn pages_of_other_origins_read_the_document_where_they_may_call() {
    let server = TestServer::with(|config| config.server.cors = mock_server::config::Cors::Any).await;
    let request = server.request(Method::GET, "/swagger/docs/v3").header("origin", "http://localhost:5173");
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
}

#[tokio::test]
async fn a_port_of_the_admin_api_alone_has_no_document() {
    let server = TestServer::with(|config| config.server.admin_port = Some(0)).await;
    get(&server, "/swagger/docs/v3").await.assert(200);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let admin = server.server.admin_url().replace("/__admin", "/swagger/docs/v3");
    send(http.get(admin)).await.assert_problem(404);
}
