//! Contracts: one struct for what travels as JSON under names and as protobuf under numbers.
//!
//! [`contract!`](crate::contract!) declares a struct with both, and with a description of itself that error texts and
//! documents are made from. How one member travels is its type's business: [`Member`].

mod choice;
mod declare;
mod float;
mod guid;
mod member;
mod payload;
mod special;
mod value;

pub use float::{Narrow, Whole};
pub use guid::{Guid, SplitGuid};
#[doc(hidden)]
pub use member::refused;
pub use member::{Element, Member, read, write};
pub use payload::Payload;
pub use special::{Linked, Loose, WriteOnly};
pub use value::Value;

use prost::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What travels as an object.
pub trait Contract: Message + Clone + Default + DeserializeOwned + Member + PartialEq + Serialize + 'static {
    /// Its description.
    const SHAPE: &'static Shape;

    /// What each member holds, in the order of the description.
    const GETTERS: &'static [Getter<Self>];

    /// Takes over the members whose names are `wanted`.
    fn adopt(&mut self, from: Self, wanted: impl Fn(&str) -> bool);

    /// What the member of a name holds; nothing if there is none. The name is compared as it is.
    fn look_at(&self, name: &str) -> Value<'_> {
        let place = Self::SHAPE.fields.iter().position(|field| field.name == name);
        place.and_then(|place| Self::GETTERS.get(place)).map_or(Value::Nothing, |get| get(self))
    }
}

/// Looks at one member.
pub type Getter<T> = for<'v> fn(&'v T) -> Value<'v>;

/// A contract as documents and error texts describe it.
#[derive(Debug)]
pub struct Shape {
    /// The vendor's name for it.
    pub name: &'static str,
    /// Numbers in protobuf that the vendor has and this contract passes over.
    pub reserved: &'static [u32],
    /// Its members, in the order in which they are written.
    pub fields: &'static [Field],
}

/// One member of a contract.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name in JSON.
    pub name: &'static str,
    /// Its number in protobuf, if it has one.
    pub number: Option<u32>,
    /// What it can hold.
    pub kind: Kind,
}

/// What a member can hold.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// True or false.
    Bool,
    /// An integer between two bounds, and the type that has them.
    Integer(&'static str),
    /// A single-precision number.
    Single,
    /// A double-precision number.
    Double,
    /// A text.
    Text,
    /// A GUID.
    Guid,
    /// One of these names.
    Choice(&'static [&'static str]),
    /// An object of a contract.
    Object(fn() -> &'static Shape),
    /// Another row: its id, or an object with it, in requests; the whole in answers.
    Link(fn() -> &'static Shape),
    /// A list.
    List(&'static Kind),
    /// It, or nothing.
    Nullable(&'static Kind),
    /// It in requests, and nothing in answers.
    Secret(&'static Kind),
    /// Anything that JSON can say.
    Anything,
}

// === impl Shape ===

impl Shape {
    /// Whether it travels as protobuf too.
    pub fn has_message(&self) -> bool {
        self.fields.iter().any(|field| field.number.is_some())
    }

    /// A member, by its name in any case.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// A member, by its number in protobuf.
    pub fn numbered(&self, number: u32) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.number == Some(number))
    }
}
