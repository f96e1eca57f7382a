//! A listener as users ask for one, and as it is shown.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::Span;
use crate::connection::{Accept, Gatekeeping, State};
use crate::json::Nullable;

/// A listener to be opened.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ListenerSpec {
    /// 0 lets the system choose.
    pub(crate) port: u16,
    pub(crate) role: ListenerRole,
    pub(crate) tls: Option<TlsSpec>,
    /// Whether HTTP/2 is spoken where a client wants it. Off, for byte-level faults and the raw tap are HTTP/1's.
    pub(crate) http2: bool,
    state: ListenerState,
    accept: ListenerAccept,
    accept_delay: Option<Span>,
}

/// What may change of a listener.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ListenerChange {
    state: Option<ListenerState>,
    accept: Option<ListenerAccept>,
    accept_delay: Nullable<Span>,
}

/// What it serves.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ListenerRole {
    /// The sandbox.
    #[default]
    Api,
    /// Nothing: it records and says 200.
    Trap,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ListenerState {
    #[default]
    Up,
    Refuse,
    Blackhole,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ListenerAccept {
    #[default]
    Serve,
    Reset,
    Close,
    Stall,
}

/// Where its certificate comes from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TlsSpec {
    /// Names and addresses on a certificate that is made; `localhost` and the loopback addresses if absent.
    pub(crate) names: Option<Vec<String>>,
    /// A certificate chain that is given, as PEM.
    pub(crate) certificate: Option<String>,
    /// Its key, as PEM.
    pub(crate) key: Option<String>,
    /// What is wrong with it on purpose.
    pub(crate) fault: Option<TlsFault>,
}

/// What can be wrong with TLS.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TlsFault {
    /// The certificate's time is over, by the sandbox's clock and by the machine's: clients judge by their own.
    Expired,
    /// Its time has not come, by either clock.
    NotYetValid,
    /// It is for another host.
    WrongHost,
    /// Somebody signed it whom `ca_pem` does not name.
    UnknownCa,
    /// The client's greeting gets no answer.
    HandshakeStall,
    /// The client's greeting is answered with the alert `handshake_failure`, and FIN.
    HandshakeAbort,
    /// The client's greeting is answered with RST.
    HandshakeReset,
}

/// A listener in a list.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ListenerView {
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) port: u16,
    pub(crate) role: ListenerRole,
    pub(crate) state: &'static str,
    pub(crate) accept: &'static str,
    pub(crate) accept_delay_ms: u64,
    /// Whether HTTP/2 is spoken where a client wants it.
    pub(crate) http2: bool,
    /// What is wrong with its TLS on purpose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tls_fault: Option<TlsFault>,
    /// What to trust, if the certificate was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ca_pem: Option<String>,
}

// === impl ListenerSpec ===

impl ListenerSpec {
    pub(super) fn gatekeeping(&self) -> Gatekeeping {
        let delay = self.accept_delay.map_or(Duration::ZERO, Span::unsigned);
        Gatekeeping { state: self.state.into(), accept: self.accept.into(), delay, refusals: 0 }
    }
}

// === impl ListenerChange ===

impl ListenerChange {
    pub(super) fn apply(&self, gatekeeping: &mut Gatekeeping) {
        let before = gatekeeping.state;
        gatekeeping.state = self.state.map_or(before, State::from);
        if gatekeeping.state == State::Refuse && before != State::Refuse {
            gatekeeping.refusals += 1;
        }
        gatekeeping.accept = self.accept.map_or(gatekeeping.accept, Accept::from);
        match self.accept_delay {
            Nullable::Absent => {}
            Nullable::Null => gatekeeping.delay = Duration::ZERO,
            Nullable::Given(delay) => gatekeeping.delay = delay.unsigned(),
        }
    }
}

impl From<ListenerState> for State {
    fn from(state: ListenerState) -> Self {
        match state {
            ListenerState::Up => Self::Up,
            ListenerState::Refuse => Self::Refuse,
            ListenerState::Blackhole => Self::Blackhole,
        }
    }
}

impl From<ListenerAccept> for Accept {
    fn from(accept: ListenerAccept) -> Self {
        match accept {
            ListenerAccept::Serve => Self::Serve,
            ListenerAccept::Reset => Self::Reset,
            ListenerAccept::Close => Self::Close,
            ListenerAccept::Stall => Self::Stall,
        }
    }
}
