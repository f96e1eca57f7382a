//! How a client may differ from this one: habits that are as good, and defects that are not.
//!
//! A habit must pass every case or be outside it; a defect must be found by the check that is named for it.

use std::fmt;

/// What is different about this client.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Habits {
    /// Another way that is as good.
    pub habit: Option<Habit>,
    /// Something that is wrong.
    pub defect: Option<Defect>,
}

macro_rules! switches {
    ($(#[$meta:meta])* $name:ident { $($(#[doc = $text:literal])+ $variant:ident = $label:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum $name {
            $($(#[doc = $text])+ $variant,)+
        }

        impl $name {
            /// All there are, in the order of the catalogue.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its name, as reports show it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $label,)+
                }
            }

            /// What it does.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($text),+).trim_ascii(),)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

switches! {
    /// Another way that is as good.
    Habit {
        /// Renews by a log in, never by a refresh.
        LoginForRefresh = "login-for-refresh",
        /// Renews after half of the token's life.
        EarlyRenewal = "early-renewal",
        /// Gives every error to the caller at once, a refused token included.
        SurfaceAtOnce = "surface-at-once",
        /// Sends one record a request.
        OneRecord = "one-record",
        /// Sends bodies in chunks, without a length.
        Chunked = "chunked",
        /// Writes paths in lower case.
        LowerCasePaths = "lower-case-paths",
        /// Writes the names of members in lower case.
        LowerCaseNames = "lower-case-names",
        /// Speaks protobuf, as the vendor's C++ devkit does, where answers have a message.
        Protobuf = "protobuf",
        /// Sends headers that nobody asked for.
        ExtraHeaders = "extra-headers",
        /// Writes GUIDs in upper case.
        UpperCaseGuids = "upper-case-guids",
        /// Opens a connection for each call.
        ClosePerCall = "close-per-call",
    }
}

switches! {
    /// Something that is wrong.
    Defect {
        /// Logs in twice before the first call.
        LoginTwice = "login-twice",
        /// Names another media type for its log in.
        LoginAsForm = "login-as-form",
        /// Leaves the client's name out of its log in.
        LoginWithoutClient = "login-without-client",
        /// Sends the password in a header too.
        PasswordInHeader = "password-in-header",
        /// Signs with GUIDs of its own making.
        GuidsMadeUp = "guids-made-up",
        /// Logs in again and again after a refused log in.
        LoginLoop = "login-loop",
        /// Reports success after a refused log in.
        LoginRefusalSwallowed = "login-refusal-swallowed",
        /// Goes on logging in every hour, in the background, after a refused log in.
        LoginInBackground = "login-in-background",
        /// Leaves the static key out of its calls.
        KeyMissing = "key-missing",
        /// Logs in although it has a static key.
        LoginDespiteKey = "login-despite-key",
        /// Percent-encodes the token.
        TokenEncoded = "token-encoded",
        /// Sends the token in `Authorization: Bearer`.
        BearerInstead = "bearer-instead",
        /// Never looks at the expiry.
        ExpiryIgnored = "expiry-ignored",
        /// Takes the expiry for seconds.
        ExpiryTimesThousand = "expiry-times-thousand",
        /// Takes the expiry for microseconds.
        ExpiryByThousand = "expiry-by-thousand",
        /// Renews after a 401 and reports success without sending again.
        NoReplay = "no-replay",
        /// Renews twice after a 401.
        RenewsTwice = "renews-twice",
        /// Gives up for good after a 401.
        DeadAfterRefusal = "dead-after-refusal",
        /// Sends again with the old token after it has renewed.
        OldTokenOnReplay = "old-token-on-replay",
        /// Reports success after a second 401.
        RefusalSwallowed = "refusal-swallowed",
        /// Goes on sending every hour, in the background, what could not be sent.
        ResendInBackground = "resend-in-background",
        /// Renews and sends again after each of three 401 answers.
        ReplayThreeTimes = "replay-three-times",
        /// Every call that was refused renews for itself.
        Stampede = "stampede",
        /// Whoever waits for a renewal that fails waits for ever.
        WaiterHangs = "waiter-hangs",
        /// Tries again after a 400.
        RetryBadRequest = "retry-bad-request",
        /// Does not read `Retry-After`.
        RetryAfterIgnored = "retry-after-ignored",
        /// Takes the seconds of `Retry-After` for milliseconds.
        RetryAfterAsMs = "retry-after-as-ms",
        /// Waits the same time before each attempt.
        ConstantGap = "constant-gap",
        /// Lets the gaps grow beyond what was configured.
        NoCap = "no-cap",
        /// Tries again without end.
        UnboundedRetry = "unbounded-retry",
        /// Loses the last record of a batch.
        DropLast = "drop-last",
        /// Forgets a batch before it is delivered, and does not say so.
        ClearBeforeSend = "clear-before-send",
        /// Sends a batch again with other times.
        SendsTwice = "sends-twice",
        /// Stamps records in seconds.
        StampInSeconds = "stamp-in-seconds",
        /// Stamps records with a fraction.
        StampAsFloat = "stamp-as-float",
        /// Sends the header `Client` twice.
        DuplicateHeader = "duplicate-header",
        /// Sends the client's GUID as `Branch`, and the other way round.
        SwappedGuids = "swapped-guids",
        /// Sends a record as an object, not in an array.
        BareRecord = "bare-record",
        /// Posts a device's records to the endpoint of servers.
        BatchEndpoint = "batch-endpoint",
        /// Leaves the sector out of its records.
        SectorMissing = "sector-missing",
        /// Buys two tokens.
        TokenBoughtTwice = "token-bought-twice",
        /// Encrypts the bearer's credentials without base64.
        BearerNotBase64 = "bearer-not-base64",
        /// Puts a scheme before the key.
        KeyWithScheme = "key-with-scheme",
        /// Names another media type for its queries.
        QueryAsText = "query-as-text",
        /// Calls the ontology by another name in the body of a query.
        MisnamedOntology = "misnamed-ontology",
        /// Gives its caller no rows.
        RowsLost = "rows-lost",
        /// Changes the line ends of the SQL.
        LineEndsChanged = "line-ends-changed",
        /// Loses the text of an error.
        ErrorTextLost = "error-text-lost",
        /// Gives the text of an error to its caller as rows.
        ErrorTakenForRows = "error-taken-for-rows",
    }
}

// === impl Habits ===

impl Habits {
    /// A client with one defect.
    pub fn defective(defect: Defect) -> Self {
        Self { habit: None, defect: Some(defect) }
    }

    /// A client with one habit.
    pub fn other(habit: Habit) -> Self {
        Self { habit: Some(habit), defect: None }
    }

    pub(crate) fn is(self, habit: Habit) -> bool {
        self.habit == Some(habit)
    }

    pub(crate) fn has(self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }
}
