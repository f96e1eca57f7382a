//! What a connection does to an answer, checked.

use std::time::Duration;

use bytes::Bytes;
use rand::Rng;

use crate::config::Span;
use crate::connection::{Cut, End, Framing, Pace, Place, Spelling, Tamper};
use crate::fault::InvalidRule;
use crate::fault::draw::Draw;
use crate::fault::spec::{EffectSpec, HeaderCase, WireEffect};

/// A connection that misbehaves.
#[derive(Debug)]
pub(crate) struct Wire {
    tamper: Tamper,
    /// Bytes of garbage, which are drawn anew each time.
    garbage: Option<usize>,
    /// Whether the answer says that the connection closes.
    pub(crate) says_close: bool,
    /// Whether it can happen before anything is stored.
    pub(super) can_be_before_commit: bool,
}

/// Bytes of garbage unless the rule says otherwise, and at most.
const GARBAGE: usize = 64;
const MOST_GARBAGE: usize = 1 << 20;
/// Bytes of a piece, and time between two, unless the rule says otherwise.
const PIECE: usize = 16;
const PIECE_EVERY: Duration = Duration::from_millis(25);
/// Pieces of a second's bandwidth.
const SLICES: u32 = 20;
/// How late a connection closes unless the rule says otherwise.
const LATE: Duration = Duration::from_secs(1);

// === impl Wire ===

impl Wire {
    pub(super) fn compile(spec: &EffectSpec) -> Result<Option<Self>, InvalidRule> {
        let Some(kind) = spec.wire else {
            return match parameters(spec).into_iter().find(|(_, given, _)| *given) {
                Some((field, ..)) => Err(InvalidRule::value(field, "it belongs to effect.wire")),
                None => Ok(None),
            };
        };
        let wrong = |field, problem: String| Err(InvalidRule::value(field, problem));
        for (field, given, kinds) in parameters(spec) {
            if given && !kinds.contains(&kind) {
                return wrong(field, format!("it does not belong to {}", name(kind)));
            }
        }
        let missing = |field| Err(InvalidRule::value(field, format!("{} needs it", name(kind))));
        let mut wire =
            Self { tamper: Tamper::default(), garbage: None, says_close: false, can_be_before_commit: false };
        let tamper = &mut wire.tamper;
        match kind {
            WireEffect::Reset => tamper.cut = Some(cut(spec, End::Reset)?),
            WireEffect::Close => tamper.cut = Some(cut(spec, End::Close)?),
            WireEffect::Stall => tamper.cut = Some(cut(spec, End::Stall)?),
            WireEffect::Garbage => {
                let bytes = spec.bytes.unwrap_or(GARBAGE);
                if bytes == 0 || bytes > MOST_GARBAGE {
                    return wrong("effect.bytes", "garbage is 1 byte to 1MiB".to_owned());
                }
                wire.garbage = Some(bytes);
            }
            WireEffect::BadChunk => tamper.framing = Framing::BadChunk,
            WireEffect::NoTerminator => tamper.framing = Framing::NoTerminator,
            WireEffect::Dribble => tamper.pace = Some(dribble(spec)?),
            WireEffect::Bandwidth => match spec.rate {
                Some(rate) => tamper.pace = Some(bandwidth(rate.bytes())),
                None => return missing("effect.rate"),
            },
            WireEffect::SlowClose => {
                tamper.cut = Some(after_answer(End::Close, spec.after, LATE));
                wire.says_close = true;
            }
            WireEffect::KeepAliveClose => tamper.cut = Some(after_answer(End::Close, spec.after, Duration::ZERO)),
            WireEffect::KeepAliveReset => tamper.cut = Some(after_answer(End::Reset, spec.after, Duration::ZERO)),
            WireEffect::Http10 => {
                tamper.is_http_10 = true;
                tamper.cut = Some(Cut::at(Place::Whole, End::Close));
            }
            WireEffect::HeaderCase => match spec.case {
                Some(case) => tamper.spelling = Some(spelling(case)),
                None => return missing("effect.case"),
            },
            WireEffect::Interim => {
                let statuses = spec.statuses.clone().unwrap_or_else(|| vec![103]);
                let is_odd = |status: &u16| !matches!(status, 100 | 102..=199);
                if statuses.is_empty() || statuses.len() > 10 || statuses.iter().any(is_odd) {
                    return wrong("effect.statuses", "allowed: 1 to 10 of 100 and 102 to 199".to_owned());
                }
                tamper.interim = statuses;
            }
        }
        wire.can_be_before_commit =
            matches!(kind, WireEffect::Reset | WireEffect::Close | WireEffect::Stall | WireEffect::Garbage);
        Ok(Some(wire))
    }

    /// Whether not a byte of the answer is sent.
    pub(super) fn sends_nothing(&self) -> bool {
        self.garbage.is_some() || self.tamper.sends_nothing()
    }

    /// The orders for one exchange.
    pub(crate) fn tamper(&self, draw: Draw) -> Tamper {
        let mut tamper = self.tamper.clone();
        tamper.garbage = self.garbage.map(|length| {
            let mut bytes = vec![0; length];
            draw.stream("garbage").fill_bytes(&mut bytes);
            // No status line begins like this.
            bytes.iter_mut().take(1).for_each(|byte| *byte |= 0x80);
            Bytes::from(bytes)
        });
        tamper
    }

    pub(crate) fn describe(&self) -> String {
        match self.garbage {
            Some(bytes) => format!("{bytes} bytes of garbage, close"),
            None => self.tamper.describe(),
        }
    }
}

/// Each parameter: its field, whether it is given, and what it belongs to.
fn parameters(spec: &EffectSpec) -> [(&'static str, bool, &'static [WireEffect]); 8] {
    use WireEffect as W;

    [
        ("effect.bytes", spec.bytes.is_some(), &[W::Reset, W::Close, W::Stall, W::Garbage, W::Dribble]),
        ("effect.body_bytes", spec.body_bytes.is_some(), &[W::Reset, W::Close, W::Stall]),
        ("effect.case", spec.case.is_some(), &[W::HeaderCase]),
        ("effect.statuses", spec.statuses.is_some(), &[W::Interim]),
        ("effect.every", spec.every.is_some(), &[W::Dribble]),
        ("effect.pieces", spec.pieces.is_some(), &[W::Dribble]),
        ("effect.rate", spec.rate.is_some(), &[W::Bandwidth]),
        ("effect.after", spec.after.is_some(), &[W::SlowClose, W::KeepAliveClose, W::KeepAliveReset]),
    ]
}

/// As it is written.
fn name(kind: WireEffect) -> String {
    serde_json::to_value(kind).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

fn cut(spec: &EffectSpec, end: End) -> Result<Cut, InvalidRule> {
    let place = match (spec.bytes, spec.body_bytes) {
        (Some(_), Some(_)) => {
            return Err(InvalidRule::value("effect.body_bytes", "give one of bytes and body_bytes"));
        }
        (bytes, None) => Place::Byte(bytes.unwrap_or(0)),
        (None, Some(bytes)) => Place::BodyByte(bytes),
    };
    Ok(Cut::at(place, end))
}

fn after_answer(end: End, after: Option<Span>, default: Duration) -> Cut {
    Cut { after: Place::Whole, end, late: after.map_or(default, Span::unsigned) }
}

fn dribble(spec: &EffectSpec) -> Result<Pace, InvalidRule> {
    let every = spec.every.map_or(PIECE_EVERY, Span::unsigned);
    match (spec.bytes, spec.pieces) {
        (Some(_), Some(_)) => Err(InvalidRule::value("effect.pieces", "give one of bytes and pieces")),
        (Some(0), None) | (None, Some(0)) => Err(InvalidRule::value("effect.wire", "a piece has 1 byte at least")),
        (None, Some(pieces)) => Ok(Pace::BodyPieces(pieces, every)),
        (bytes, None) => Ok(Pace::Bytes(bytes.unwrap_or(PIECE), every)),
    }
}

/// So many bytes a second, in pieces that are small enough to look even.
fn bandwidth(rate: usize) -> Pace {
    let piece = rate.div_ceil(SLICES as usize).max(1);
    let piece_size = u32::try_from(piece).unwrap_or(u32::MAX);
    let rate = u32::try_from(rate).unwrap_or(u32::MAX).max(1);
    Pace::Bytes(piece, Duration::from_secs(1).saturating_mul(piece_size) / rate)
}

fn spelling(case: HeaderCase) -> Spelling {
    match case {
        HeaderCase::Lower => Spelling::Lower,
        HeaderCase::Upper => Spelling::Upper,
        HeaderCase::Mixed => Spelling::Mixed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bandwidth_is_what_it_says() {
        for rate in [1, 7, 20, 1000, 1 << 20] {
            let Pace::Bytes(piece, pause) = bandwidth(rate) else { panic!("it is counted in bytes") };
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let (given, wanted) = (piece as f64 / pause.as_secs_f64(), rate as f64);
            assert!((given / wanted - 1.0).abs() < 1e-6, "{rate}: {given}");
        }
    }
}
