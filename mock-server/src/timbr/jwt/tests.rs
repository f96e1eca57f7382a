//! Settings and lives. Whole JWTs, good and bad, are in `fixtures/jwt/tokens.json`, which the tests of the API read.

use std::path::Path;

use super::*;

const SECRET: &str = "made-up-secret";

fn spec(toml: &str) -> JwtSpec {
    toml::from_str(toml).unwrap()
}

fn pem(name: &str) -> String {
    let path = format!("{}/../fixtures/jwt/made-up-{name}.pem", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

#[track_caller]
fn problem(spec: &JwtSpec) -> String {
    JwtReader::compile(spec).unwrap_err().to_string()
}

#[test]
fn a_key_that_does_not_fit_its_algorithms_is_refused_before_a_jwt_comes() {
    let with = |key: &str, algorithms: &str| JwtSpec {
        key: Some(key.into()),
        ..spec(&format!("algorithms = {algorithms:?}"))
    };
    assert!(problem(&with("", "HS256")).starts_with("timbr.jwt.key: it is empty"));
    assert!(problem(&with(SECRET, "RS256")).contains("RS256 wants a public key"));
    assert!(problem(&with(&pem("rsa-public"), "HS256")).contains("HS256 wants a secret"));
    assert!(problem(&with(&pem("rsa-public"), "ES256")).contains("no public key for ES256"));
    assert!(problem(&with(&pem("ec-public"), "ES384")).contains("does not fit ES384"));
    assert!(problem(&with(&pem("rsa-private"), "RS256")).contains("no public key"));
    for (key, algorithms) in [(SECRET, "HS256"), (&pem("rsa-public"), "RS256, RS512"), (&pem("ec-public"), "ES256")] {
        assert!(JwtReader::compile(&with(key, algorithms)).unwrap().is_some());
    }
}

#[test]
fn it_is_enabled_by_a_key_and_a_tenant_takes_what_it_lacks_from_the_default() {
    assert!(JwtReader::compile(&spec("issuer = 'x'")).unwrap().is_none());
    let tenant = "algorithms = 'HS256'\n[tenants.a]\naudience = 'a'";
    assert!(problem(&spec(tenant)).starts_with("timbr.jwt.tenants.a.key: there is none"));
    let with_key = spec(&format!("key = '{SECRET}'\naudience = 'all'\n{tenant}\n[tenants.b]"));
    let reader = JwtReader::compile(&with_key).unwrap().unwrap();
    let audience = |tenant| reader.verifier(tenant).unwrap().audience.clone();
    assert_eq!([audience(None), audience(Some("a")), audience(Some("b"))].map(Option::unwrap), ["all", "a", "all"]);
}

#[test]
fn a_file_is_read_with_the_configuration_and_nowhere_else() {
    let folder = format!("{}/../fixtures/jwt", env!("CARGO_MANIFEST_DIR"));
    let mut from_file = spec("key_file = 'made-up-rsa-public.pem'\n[tenants.a]\nkey_file = 'made-up-rsa-public.pem'");
    assert!(problem(&from_file).contains("only a configuration file can name a file"));
    from_file.read_files(Path::new(&folder)).unwrap();
    assert!(JwtReader::compile(&from_file).unwrap().is_some());
    assert_eq!(from_file.secrets().count(), 0, "a public key is no secret");
    let mut both = spec("key = 'x'\nkey_file = 'y'");
    both.read_files(Path::new(&folder)).unwrap();
    assert!(problem(&both).contains("not both"));
    let missing = spec("key_file = 'none'").read_files(Path::new(&folder)).unwrap_err();
    assert!(missing.0.ends_with("none"));
}

/// A JWT of the year 1970 for a user, good from 1000 s to 2000 s.
fn read(settings: &str, claims: &JwtClaims, tenant: Option<&str>, now_s: i64) -> Result<Named, String> {
    let spec = spec(&format!("key = '{SECRET}'\nalgorithms = 'HS256'\n{settings}\n[tenants.t]"));
    let jwt = JwtSigner::of(&spec, tenant, None).unwrap().sign(claims).unwrap();
    let reader = JwtReader::compile(&spec).unwrap().unwrap();
    let now = Timestamp::from_second(now_s).unwrap();
    reader.read(&jwt, tenant, now).map_err(|refused| refused.reason.to_string())
}

fn claims() -> JwtClaims {
    let (user, email) = (Some("alice".to_owned()), Some("alice@example".to_owned()));
    JwtClaims { username: user, email, ..JwtClaims::at(Timestamp::from_second(1000).unwrap(), 1000) }
}

#[test]
fn the_edges_of_life_are_to_the_second_and_leeway_moves_both() {
    for (settings, now_s, expected) in [
        ("", 999, Some("JwtNotYetValid")),
        ("", 1000, None),
        ("", 1999, None),
        ("", 2000, Some("JwtExpired")),
        ("leeway = '30s'", 969, Some("JwtNotYetValid")),
        ("leeway = '30s'", 970, None),
        ("leeway = '30s'", 2029, None),
        ("leeway = '30s'", 2030, Some("JwtExpired")),
    ] {
        assert_eq!(read(settings, &claims(), None, now_s).err().as_deref(), expected, "{settings} {now_s}");
    }
}

#[test]
fn settings_choose_the_claim_and_put_the_tenant_before_the_user() {
    let named = |settings, tenant| read(settings, &claims(), tenant, 1500).unwrap();
    let by = |claim, user: &str| Named { claim, user: user.to_owned() };
    assert_eq!(named("", None), by(UserClaim::Username, "alice"));
    assert_eq!(named("", Some("t")), by(UserClaim::Username, "alice"));
    assert_eq!(named("user_claim = 'email'", None), by(UserClaim::Email, "alice@example"));
    assert_eq!(named("use_tenant_user = true", Some("t")), by(UserClaim::Username, "t/alice"));
    assert_eq!(named("use_tenant_user = true", None), by(UserClaim::Username, "alice"));
}
