//! Tokens live, are used, replaced and taken back as they should.

use super::*;
use crate::token::TokenFormat;

const LIFE: SignedDuration = SignedDuration::from_hours(24);
const EXACT: TokenLife = TokenLife { announced: LIFE, actual: LIFE, created_lag: SignedDuration::ZERO };

struct Fixture {
    directory: Directory,
    account: AccountId,
    mint: Mint,
    life: TokenLife,
    capacity: usize,
    tokens: Tokens,
    start: Timestamp,
}

fn fixture(format: TokenFormat, capacity: usize) -> Fixture {
    let directory = Directory::default_world().unwrap();
    let client = directory.client_by_name("acme-logistics").unwrap();
    let account = directory.account_by_login(client, "forklift-01").unwrap();
    let mint = Mint::new(format, "not-a-secret", "run-1", "default");
    let start = "2026-01-01T00:00:00Z".parse().unwrap();
    Fixture { directory, account, mint, life: EXACT, capacity, tokens: Tokens::default(), start }
}

impl Fixture {
    fn issuance(&self, id: u128, now: Timestamp) -> Issuance {
        Issuance { id, now, exchange: 12, life: self.life, capacity: self.capacity, alone: false }
    }

    fn issue(&self, id: u128, now: Timestamp) -> Grant {
        self.tokens.issue(&self.mint, &self.directory, self.account, &self.issuance(id, now)).unwrap()
    }

    fn refusal(&self, text: &str, now: Timestamp) -> Refused {
        self.tokens.verify(&self.mint, text, now).expect_err("the token is refused").refused
    }

    fn lives(&self, text: &str, now: Timestamp) -> bool {
        self.tokens.verify(&self.mint, text, now).is_ok()
    }
}

#[test]
fn a_token_is_refused_from_its_expiry_on_and_not_a_millisecond_earlier() {
    for format in [TokenFormat::Opaque, TokenFormat::Jwt] {
        let f = fixture(format, 10);
        let grant = f.issue(1, f.start);
        let last = f.start + LIFE - SignedDuration::from_millis(1);
        assert_eq!(f.tokens.verify(&f.mint, &grant.text, last).unwrap().account, f.account);
        assert_eq!(f.refusal(&grant.text, f.start + LIFE).reason, Reason::TokenExpired);
        let later = f.start + LIFE + SignedDuration::from_mins(3);
        assert_eq!(
            f.refusal(&grant.text, later).detail,
            "token expired 3m ago; the client saw its expiry in answer #12"
        );
    }
}

#[test]
fn the_recorded_lag_shortens_the_life() {
    let mut f = fixture(TokenFormat::Opaque, 10);
    f.life.created_lag = SignedDuration::from_millis(4);
    let token = f.issue(1, f.start).token;
    assert_eq!(token.expires.as_millisecond() - token.created.as_millisecond(), 86_399_996);
}

#[test]
fn what_is_announced_need_not_be_true() {
    for actual in [SignedDuration::from_secs(5), SignedDuration::from_hours(48)] {
        let mut f = fixture(TokenFormat::Opaque, 10);
        f.life.actual = actual;
        let grant = f.issue(1, f.start);
        assert_eq!(grant.token.expires, f.start + LIFE);
        assert!(f.lives(&grant.text, f.start + actual - SignedDuration::from_millis(1)));
        assert_eq!(f.refusal(&grant.text, f.start + actual).reason, Reason::TokenExpired);
    }
}

#[test]
fn superseded_and_revoked_are_told_apart_and_outrank_expired() {
    let f = fixture(TokenFormat::Opaque, 10);
    let (first, second) = (f.issue(1, f.start), f.issue(2, f.start));
    assert_eq!((first.token.generation, second.token.generation), (1, 2));
    f.tokens.supersede(1, f.start, SignedDuration::ZERO).unwrap();
    assert!(f.tokens.supersede(1, f.start, SignedDuration::ZERO).is_err(), "a token is refreshed once");
    f.tokens.log_out(2, f.start);
    for now in [f.start, f.start + LIFE] {
        assert_eq!(f.refusal(&first.text, now).reason, Reason::TokenSuperseded);
        assert_eq!(f.refusal(&second.text, now).reason, Reason::TokenRevoked);
    }
}

#[test]
fn grace_lets_a_replaced_token_live_on_for_a_while() {
    let f = fixture(TokenFormat::Opaque, 10);
    let (text, grace) = (f.issue(1, f.start).text, SignedDuration::from_secs(10));
    f.tokens.supersede(1, f.start, grace).unwrap();
    assert!(f.lives(&text, f.start + grace - SignedDuration::from_millis(1)));
    assert_eq!(f.refusal(&text, f.start + grace).reason, Reason::TokenSuperseded);
}

#[test]
fn a_token_can_be_told_to_fail_and_to_make_a_use_its_last() {
    let f = fixture(TokenFormat::Opaque, 10);
    let text = f.issue(1, f.start).text;
    assert!(f.tokens.change(1, f.start, TokenChange::Fail(2)));
    for _ in 0..2 {
        assert!(f.lives(&text, f.start), "looking at it changes nothing");
        assert_eq!(f.tokens.spend(1, f.start).unwrap_err().reason, Reason::TokenToFail);
    }
    assert!(f.tokens.spend(1, f.start).is_ok());
    f.tokens.change(1, f.start, TokenChange::ExpireAfterUse);
    assert!(f.lives(&text, f.start) && f.tokens.spend(1, f.start).is_ok());
    let refused = f.refusal(&text, f.start);
    assert_eq!(refused.reason, Reason::TokenExpired);
    assert!(refused.detail.ends_with("which said that it would live on"), "{}", refused.detail);
    assert!(!f.tokens.change(1, f.start, TokenChange::Fail(1)), "the dead do not change");
}

#[test]
fn a_life_can_be_shortened_and_not_lengthened() {
    let f = fixture(TokenFormat::Opaque, 10);
    let text = f.issue(1, f.start).text;
    let to = SignedDuration::from_secs(5);
    f.tokens.change(1, f.start, TokenChange::Shorten(LIFE + LIFE));
    f.tokens.change(1, f.start, TokenChange::Shorten(to));
    assert!(f.lives(&text, f.start + to - SignedDuration::from_millis(1)));
    assert_eq!(f.refusal(&text, f.start + to).reason, Reason::TokenExpired);
}

#[test]
fn the_same_token_can_get_a_new_life() {
    let f = fixture(TokenFormat::Opaque, 10);
    let first = f.issue(1, f.start);
    let now = f.start + SignedDuration::from_hours(23);
    let again = f.tokens.extend(&f.mint, &f.directory, 1, &f.issuance(9, now)).unwrap().unwrap();
    assert_eq!((again.text.as_str(), again.token.generation), (first.text.as_str(), 1));
    assert_eq!(again.token.expires, now + LIFE);
    assert!(f.lives(&first.text, f.start + LIFE));
}

#[test]
fn one_session_at_a_time_ends_the_others() {
    let f = fixture(TokenFormat::Opaque, 10);
    let (first, second) = (f.issue(1, f.start), f.issue(2, f.start));
    f.tokens.log_out(2, f.start);
    let alone = Issuance { alone: true, ..f.issuance(3, f.start) };
    let third = f.tokens.issue(&f.mint, &f.directory, f.account, &alone).unwrap();
    assert!(f.lives(&third.text, f.start));
    assert_eq!(f.refusal(&first.text, f.start).reason, Reason::TokenSuperseded);
    assert_eq!(f.refusal(&second.text, f.start).reason, Reason::TokenRevoked, "the dead stay as they died");
}

#[test]
fn tokens_of_other_runs_and_sandboxes_are_named() {
    for format in [TokenFormat::Opaque, TokenFormat::Jwt] {
        let f = fixture(format, 10);
        let foreign = |run, sandbox| {
            let mint = Mint::new(format, "not-a-secret", run, sandbox);
            Tokens::default().issue(&mint, &f.directory, f.account, &f.issuance(1, f.start)).unwrap().text
        };
        assert_eq!(f.refusal(&foreign("run-0", "default"), f.start).reason, Reason::TokenOfEarlierRun);
        assert_eq!(f.refusal(&foreign("run-1", "other"), f.start).reason, Reason::TokenOfOtherSandbox);
        assert_eq!(f.refusal("made-up", f.start).reason, Reason::TokenUnknown);
    }
}

#[test]
fn a_token_from_before_a_reset_is_not_called_expired() {
    let f = fixture(TokenFormat::Opaque, 10);
    let text = f.issue(1, f.start).text;
    f.tokens.clear();
    assert_eq!(f.refusal(&text, f.start).reason, Reason::TokenOfEarlierRun);
}

#[test]
fn a_jwt_signed_with_another_secret_is_unknown() {
    let f = fixture(TokenFormat::Jwt, 10);
    let mint = Mint::new(TokenFormat::Jwt, "another-secret", "run-1", "default");
    let text = f.tokens.issue(&mint, &f.directory, f.account, &f.issuance(1, f.start)).unwrap().text;
    assert_eq!(f.refusal(&text, f.start).reason, Reason::TokenUnknown);
}

#[test]
fn a_full_store_drops_the_dead_before_the_living_and_says_which() {
    let f = fixture(TokenFormat::Opaque, 2);
    let (first, second) = (f.issue(1, f.start), f.issue(2, f.start));
    f.tokens.log_out(2, f.start);
    let third = f.issue(3, f.start);
    assert!(f.lives(&first.text, f.start));
    assert_eq!(f.refusal(&second.text, f.start).reason, Reason::TokenExpired);
    f.issue(4, f.start + SignedDuration::from_secs(1));
    assert_eq!(f.refusal(&first.text, f.start).reason, Reason::TokenEvicted);
    assert!(f.lives(&third.text, f.start));
}
