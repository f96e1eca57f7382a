//! When the bytes of one answer may go out: pauses at places that are counted from its first byte.

use std::collections::VecDeque;
use std::time::Duration;

/// The pauses of one answer.
#[derive(Debug, Default)]
pub(super) struct Pacer {
    /// Single pauses, in the order of their places.
    at: VecDeque<(usize, Duration)>,
    every: Option<Every>,
}

#[derive(Clone, Copy, Debug)]
struct Every {
    next: usize,
    bytes: usize,
    pause: Duration,
}

/// What may happen at a place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Pass {
    /// Wait first.
    Wait(Duration),
    /// Up to so many bytes may go.
    Bytes(usize),
}

// === impl Pacer ===

impl Pacer {
    /// One pause before the byte at a place. Places come in order.
    pub(super) fn pause_at(&mut self, place: usize, pause: Duration) {
        if !pause.is_zero() {
            self.at.push_back((place, pause));
        }
    }

    /// A pause after every so many bytes, beginning at a place.
    pub(super) fn pause_every(&mut self, place: usize, bytes: usize, pause: Duration) {
        let bytes = bytes.max(1);
        self.every = Some(Every { next: place.saturating_add(bytes), bytes, pause });
    }

    /// What may happen at a place. A wait is over when this is asked again.
    pub(super) fn pass(&mut self, place: usize) -> Pass {
        if let Some((at, pause)) = self.at.front().copied()
            && at <= place
        {
            self.at.pop_front();
            return Pass::Wait(pause);
        }
        if let Some(every) = &mut self.every
            && every.next <= place
        {
            every.next = every.next.saturating_add(every.bytes);
            return Pass::Wait(every.pause);
        }
        let next = self.at.front().map_or(usize::MAX, |(at, _)| *at);
        let next = next.min(self.every.map_or(usize::MAX, |every| every.next));
        Pass::Bytes(next - place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_go_from_pause_to_pause() {
        let mut pacer = Pacer::default();
        pacer.pause_at(4, Duration::from_secs(1));
        pacer.pause_every(0, 6, Duration::from_secs(2));
        let mut seen = Vec::new();
        let mut place = 0;
        while place < 13 {
            let pass = pacer.pass(place);
            if let Pass::Bytes(bytes) = pass {
                place += bytes.min(13 - place);
            }
            seen.push(pass);
        }
        let (one, two) = (Pass::Wait(Duration::from_secs(1)), Pass::Wait(Duration::from_secs(2)));
        assert_eq!(seen, [Pass::Bytes(4), one, Pass::Bytes(2), two, Pass::Bytes(6), two, Pass::Bytes(6)]);
    }
}
