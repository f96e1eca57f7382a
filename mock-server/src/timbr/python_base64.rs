//! Base64 as lenient as Python's decoder, which the real service uses (§4.2): both alphabets, anything else skipped,
//! surplus padding ignored. Missing padding is refused all the same.

/// Decodes; `None` where Python raises.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut position, mut pads, mut left) = (0_u8, 0_u8, 0_u8);
    for byte in text {
        if *byte == b'=' {
            if position >= 2 {
                pads += 1;
                if position + pads >= 4 {
                    // A complete pad ends the data, whatever follows.
                    return Some(out);
                }
            }
            continue;
        }
        let Some(value) = sextet(*byte) else { continue };
        pads = 0;
        match position {
            0 => left = value,
            1 => {
                out.push(left << 2 | value >> 4);
                left = value & 0b1111;
            }
            2 => {
                out.push(left << 4 | value >> 2);
                left = value & 0b11;
            }
            _ => out.push(left << 6 | value),
        }
        position = (position + 1) % 4;
    }
    (position == 0).then_some(out)
}

fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_is_well_formed_comes_back(bytes: Vec<u8>) {
            prop_assert_eq!(decode(STANDARD.encode(&bytes).as_bytes()), Some(bytes.clone()));
            prop_assert_eq!(decode(URL_SAFE.encode(&bytes).as_bytes()), Some(bytes));
        }
    }

    // The expected values were printed by CPython 3.11: base64.urlsafe_b64decode(text).
    #[test]
    fn leniencies_are_those_of_python() {
        for (text, expected) in [
            ("aGk=", Some("hi")),
            ("a\nG k=", Some("hi")),
            ("aGk!%=", Some("hi")),
            ("aGk====", Some("hi")),
            ("aGk=aGk=", Some("hi")),
            ("aGk", None),
            ("a", None),
            ("====", Some("")),
            ("", Some("")),
        ] {
            assert_eq!(decode(text.as_bytes()).as_deref(), expected.map(str::as_bytes), "{text:?}");
        }
    }
}
