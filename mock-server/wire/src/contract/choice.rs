//! Enumerations: names in JSON, numbers in protobuf.

/// Declares an enumeration of names, each with its number. The first is the default.
///
/// Requests may say the number in JSON too, as a client whose serializer knows no names does. `as text` is for one that
/// protobuf has as its name.
#[macro_export]
macro_rules! choice {
    ($(
        $(#[$outer:meta])*
        pub enum $name:ident $(as $form:ident)? {
            $($(#[$doc:meta])* $variant:ident = $text:literal @ $number:literal,)*
        }
    )*) => {$(
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $name {
            const ALL: &[Self] = &[$(Self::$variant,)*];
            const NAMES: &[&'static str] = &[$($text,)*];

            /// Its name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            /// Its number.
            pub fn number(self) -> i32 {
                match self {
                    $(Self::$variant => $number,)*
                }
            }

            /// The one of a number.
            pub fn from_number(number: i64) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| i64::from(one.number()) == number)
            }

            /// The one of a name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name().eq_ignore_ascii_case(name))
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::ALL[0]
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct NameOrNumber;

                impl serde::de::Visitor<'_> for NameOrNumber {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(f, "one of {}, or its number", $name::NAMES.join(", "))
                    }

                    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<$name, E> {
                        $name::from_name(name)
                            .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(name), &self))
                    }

                    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<$name, E> {
                        $name::from_number(number)
                            .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Signed(number), &self))
                    }

                    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<$name, E> {
                        self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
                    }
                }

                deserializer.deserialize_any(NameOrNumber)
            }
        }

        $crate::choice!(@member $($form)? $name);
    )*};
    (@member $name:ident) => {
        impl $crate::contract::Member for $name {
            const KIND: $crate::contract::Kind = $crate::contract::Kind::Choice(Self::NAMES);

            fn value(&self) -> $crate::contract::Value<'_> {
                $crate::contract::Value::Text(self.name().into())
            }

            fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serde::Serialize::serialize(self, serializer)
            }

            fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                serde::Deserialize::deserialize(deserializer)
            }

            fn is_default(&self) -> bool {
                *self == Self::default()
            }

            fn encode(&self, tag: u32, buffer: &mut impl bytes::BufMut) {
                prost::encoding::int32::encode(tag, &self.number(), buffer);
            }

            fn encoded_len(&self, tag: u32) -> usize {
                prost::encoding::int32::encoded_len(tag, &self.number())
            }

            fn merge(
                &mut self,
                wire_type: prost::encoding::WireType,
                buffer: &mut impl bytes::Buf,
                context: prost::encoding::DecodeContext,
            ) -> Result<(), prost::DecodeError> {
                let mut number = 0;
                prost::encoding::int32::merge(wire_type, &mut number, buffer, context)?;
                // A number that nobody knows counts as the first: proto3 keeps enumerations open.
                *self = Self::from_number(number.into()).unwrap_or_default();
                Ok(())
            }
        }
    };
    (@member text $name:ident) => {
        impl $crate::contract::Member for $name {
            const KIND: $crate::contract::Kind = $crate::contract::Kind::Choice(Self::NAMES);

            fn value(&self) -> $crate::contract::Value<'_> {
                $crate::contract::Value::Text(self.name().into())
            }

            fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serde::Serialize::serialize(self, serializer)
            }

            fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                serde::Deserialize::deserialize(deserializer)
            }

            fn is_default(&self) -> bool {
                *self == Self::default()
            }

            fn encode(&self, tag: u32, buffer: &mut impl bytes::BufMut) {
                prost::encoding::string::encode(tag, &self.name().to_owned(), buffer);
            }

            fn encoded_len(&self, tag: u32) -> usize {
                prost::encoding::string::encoded_len(tag, &self.name().to_owned())
            }

            fn merge(
                &mut self,
                wire_type: prost::encoding::WireType,
                buffer: &mut impl bytes::Buf,
                context: prost::encoding::DecodeContext,
            ) -> Result<(), prost::DecodeError> {
                let mut name = String::new();
                prost::encoding::string::merge(wire_type, &mut name, buffer, context)?;
                if !name.is_empty() {
                    *self = Self::from_name(&name).ok_or_else(|| {
                        $crate::contract::refused(&format!("{name:?} is not one of {}", Self::NAMES.join(", ")))
                    })?;
                }
                Ok(())
            }
        }
    };
}
