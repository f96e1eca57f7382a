//! Why a request was refused. A refusal has exactly one cause; the vendor's answer hides it, the journal shows it.

use std::fmt;

/// The cause of a refusal, by name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names are the documentation; docs/reasons.md explains each")]
pub enum Reason {
    // Routing and media, any vendor.
    RouteUnknown,
    SandboxUnknown,
    ConnectionOfOtherSandbox,
    MockHeaderInvalid,
    MethodNotAllowed,
    HeadMalformed,
    HeadTooLarge,
    HeadTooSlow,
    TooManyConnections,
    BodyTooLarge,
    BodyTooSlow,
    BodyIncomplete,
    MediaTypeUnsupported,
    // twinzo: signing.
    ClientMissing,
    ClientMalformed,
    ClientUnknown,
    BranchMissing,
    BranchMalformed,
    BranchUnknown,
    CredentialMissing,
    TokenMangled,
    TokenUnknown,
    TokenOfEarlierRun,
    TokenOfOtherSandbox,
    TokenOfOtherClient,
    TokenEvicted,
    TokenSuperseded,
    TokenRevoked,
    TokenExpired,
    TokenToFail,
    TokenRequired,
    ApiKeyUnknown,
    ApiKeyDisabled,
    ApiKeyRetired,
    ApiKeyOfOtherClient,
    ApiKeyOfOtherBranch,
    // twinzo: log in and content.
    ClientNameUnknown,
    LoginUnknown,
    AccountDisabled,
    AccountDeleted,
    PasswordWrong,
    BodyInvalid,
    QueryInvalid,
    EntityUnknown,
    DeviceNotInBranch,
    SensorNotInBranch,
    SectorUnknown,
    LoginOfOther,
    LoginTaken,
    DirectoryFull,
    // twinzo: what only `fidelity = "strict"` refuses.
    TokenOnLogin,
    ApiKeyOnDevice,
    StampMissing,
    StampInSeconds,
    StampTooFar,
    // Timbr.
    BearerMissing,
    BearerMalformed,
    BearerExpired,
    BearerUndecryptable,
    BearerUserUnknown,
    BearerPasswordWrong,
    SaltMissing,
    KeyMissing,
    KeyUnknown,
    KeyDisabled,
    KeyRetired,
    UserDisabled,
    JwtNotEnabled,
    JwtMalformed,
    JwtTenantUnknown,
    JwtAlgorithmRefused,
    JwtSignatureWrong,
    JwtExpired,
    JwtNotYetValid,
    JwtIssuerWrong,
    JwtAudienceWrong,
    JwtUserMissing,
    JwtUserUnknown,
    KeyAndJwt,
    AsyncUnknown,
    AsyncOfOther,
    AsyncFetched,
    AsyncExpired,
    AsyncEvicted,
    OntologyUnknown,
    SqlEmpty,
    SqlUnanswered,
    SqlRefused,
    ConfigUnknown,
    PromptUnknown,
    PlatformOff,
    SessionMissing,
    SessionUnknown,
    SessionExpired,
    SqlInvalid,
    SqlDenied,
    SqlStopped,
    // Injected on purpose, and our own failures.
    Fault,
    Stub,
    RateLimited,
    Internal,
}

/// A reason with the facts of this one case.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The cause, by name.
    pub reason: Reason,
    /// One sentence for people; never holds a secret.
    pub detail: String,
}

// === impl Reason ===

impl Reason {
    /// Adds the facts of the case, cut where the client's part in them would run on.
    pub fn because(self, detail: impl Into<String>) -> Refused {
        Refused { reason: self, detail: cut(detail.into(), LONGEST_DETAIL) }
    }
}

/// Bytes of a detail at most.
const LONGEST_DETAIL: usize = 400;

/// A text of bounded length: what a client chose may be megabytes long.
pub(crate) fn cut(mut text: String, longest: usize) -> String {
    if text.len() > longest {
        text.truncate(text.floor_char_boundary(longest));
        text.push('…');
        text.shrink_to_fit();
    }
    text
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
