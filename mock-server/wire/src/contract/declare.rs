//! The macro that declares contracts.

/// Declares a contract: a struct, its JSON, its protobuf and its description.
///
/// `member: Type = "Name" @ 3` travels as `Name` in JSON and as number 3 in protobuf; without a number in JSON alone.
/// Members that a body lacks have their default. `besides [4]` names numbers that the vendor has and we do not: rows that
/// stand beside their ids.
#[macro_export]
macro_rules! contract {
    ($(
        $(#[$outer:meta])*
        pub struct $name:ident = $title:literal $(besides [$($reserved:literal),*])? {
            $($(#[$doc:meta])* $field:ident: $type:ty = $text:literal $(@ $tag:literal)?,)*
        }
    )*) => {$(
        $(#[$outer])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Deserialize, serde::Serialize)]
        #[serde(default)]
        pub struct $name {
            $(
                $(#[$doc])*
                #[serde(
                    rename = $text,
                    skip_serializing_if = "crate::contract::Member::is_absent",
                    serialize_with = "crate::contract::write",
                    deserialize_with = "crate::contract::read"
                )]
                pub $field: $type,
            )*
        }

        impl $crate::contract::Contract for $name {
            const SHAPE: &'static $crate::contract::Shape = &$crate::contract::Shape {
                name: $title,
                reserved: &[$($($reserved,)*)?],
                fields: &[$($crate::contract::Field {
                    name: $text,
                    number: $crate::contract!(@number $($tag)?),
                    kind: <$type as $crate::contract::Member>::KIND,
                },)*],
            };

            const GETTERS: &'static [$crate::contract::Getter<Self>] =
                &[$(|row| $crate::contract::Member::value(&row.$field),)*];

            fn adopt(&mut self, from: Self, wanted: impl Fn(&str) -> bool) {
                $(if wanted($text) {
                    self.$field = from.$field;
                })*
            }
        }

        impl prost::Message for $name {
            fn encode_raw(&self, buffer: &mut impl bytes::BufMut) {
                $($(if !$crate::contract::Member::is_default(&self.$field) {
                    $crate::contract::Member::encode(&self.$field, $tag, buffer);
                })?)*
                // Not every contract has numbers.
                let _ = buffer;
            }

            fn merge_field(
                &mut self,
                tag: u32,
                wire_type: prost::encoding::WireType,
                buffer: &mut impl bytes::Buf,
                context: prost::encoding::DecodeContext,
            ) -> Result<(), prost::DecodeError> {
                match tag {
                    $($($tag => $crate::contract::Member::merge(&mut self.$field, wire_type, buffer, context)
                        .map_err(|mut error| { error.push($title, $text); error }),)?)*
                    _ => prost::encoding::skip_field(wire_type, tag, buffer, context),
                }
            }

            fn encoded_len(&self) -> usize {
                0 $($(+ if $crate::contract::Member::is_default(&self.$field) {
                    0
                } else {
                    $crate::contract::Member::encoded_len(&self.$field, $tag)
                })?)*
            }

            fn clear(&mut self) {
                *self = Self::default();
            }
        }

        impl $crate::contract::Member for $name {
            const KIND: $crate::contract::Kind =
                $crate::contract::Kind::Object(|| <$name as $crate::contract::Contract>::SHAPE);

            fn heap(&self) -> usize {
                0 $(+ $crate::contract::Member::heap(&self.$field))*
            }

            fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serde::Serialize::serialize(self, serializer)
            }

            fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                serde::Deserialize::deserialize(deserializer)
            }

            fn is_default(&self) -> bool {
                false
            }

            fn encode(&self, tag: u32, buffer: &mut impl bytes::BufMut) {
                prost::encoding::message::encode(tag, self, buffer);
            }

            fn encoded_len(&self, tag: u32) -> usize {
                prost::encoding::message::encoded_len(tag, self)
            }

            fn merge(
                &mut self,
                wire_type: prost::encoding::WireType,
                buffer: &mut impl bytes::Buf,
                context: prost::encoding::DecodeContext,
            ) -> Result<(), prost::DecodeError> {
                prost::encoding::message::merge(wire_type, self, buffer, context)
            }
        }
    )*};
    (@number) => { None };
    (@number $tag:literal) => { Some($tag) };
}
