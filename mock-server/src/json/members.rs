//! A deserializer around any other one that knows what an object is, and how its names are compared.
//!
//! Without regard to case, each name is turned into the spelling that the target struct declares. Members mostly come
//! in declaration order, so the next declared name is tried first.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Unexpected, Visitor};

use super::names::{NameSeed, Names, Notes};

/// The wrapper: `T::deserialize(Members(Names::Exact, inner))`.
pub(crate) struct Members<D>(pub(crate) Names, pub(crate) D);

/// The same for an object whose own names somebody wants to know: those that it has, as its struct declares them.
pub(crate) struct Noted<'n, D> {
    pub(crate) compare: Names,
    pub(crate) inner: D,
    pub(crate) note: &'n Notes,
}

/// Passes everything on, wrapping what has members or elements.
struct MembersVisitor<'n, V> {
    compare: Names,
    inner: V,
    /// Declared by a struct; `None` for everything else.
    names: Option<&'static [&'static str]>,
    note: Option<&'n Notes>,
}

struct MembersSeq<A>(Names, A);

struct MembersMap<'n, A> {
    compare: Names,
    inner: A,
    names: &'static [&'static str],
    next: usize,
    note: Option<&'n Notes>,
}

struct MembersSeed<S>(Names, S);

// === impl Members ===

macro_rules! pass_on {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.1.$method(MembersVisitor { compare: self.0, inner: visitor, names: None, note: None })
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Members<D> {
    type Error = D::Error;

    pass_on! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8
        deserialize_u16 deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64 deserialize_char
        deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_option deserialize_unit
        deserialize_seq deserialize_map deserialize_identifier deserialize_ignored_any
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        self.1
            .deserialize_unit_struct(name, MembersVisitor { compare: self.0, inner: visitor, names: None, note: None })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        self.1.deserialize_newtype_struct(
            name,
            MembersVisitor { compare: self.0, inner: visitor, names: None, note: None },
        )
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, D::Error> {
        self.1.deserialize_tuple(len, MembersVisitor { compare: self.0, inner: visitor, names: None, note: None })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.1.deserialize_tuple_struct(
            name,
            len,
            MembersVisitor { compare: self.0, inner: visitor, names: None, note: None },
        )
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.1.deserialize_struct(
            name,
            fields,
            MembersVisitor { compare: self.0, inner: visitor, names: Some(fields), note: None },
        )
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.1.deserialize_enum(
            name,
            variants,
            MembersVisitor { compare: self.0, inner: visitor, names: None, note: None },
        )
    }
}

// === impl Noted ===

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Noted<'_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        Members(self.compare, self.inner).deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor =
            MembersVisitor { compare: self.compare, inner: visitor, names: Some(fields), note: Some(self.note) };
        self.inner.deserialize_struct(name, fields, visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

// === impl MembersVisitor ===

macro_rules! pass_on_visit {
    ($($method:ident: $type:ty)*) => {$(
        fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.inner.$method(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for MembersVisitor<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    pass_on_visit! {
        visit_bool: bool visit_i64: i64 visit_u64: u64 visit_f64: f64 visit_str: &str visit_borrowed_str: &'de str
        visit_string: String visit_bytes: &[u8] visit_borrowed_bytes: &'de [u8]
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(Members(self.compare, deserializer))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.inner.visit_newtype_struct(Members(self.compare, deserializer))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<V::Value, A::Error> {
        if self.names.is_some() {
            return Err(A::Error::invalid_type(Unexpected::Seq, &"an object"));
        }
        self.inner.visit_seq(MembersSeq(self.compare, seq))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(MembersMap {
            compare: self.compare,
            inner: map,
            names: self.names.unwrap_or_default(),
            next: 0,
            note: self.note,
        })
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<V::Value, A::Error> {
        self.inner.visit_enum(data)
    }
}

// === impl MembersSeq and MembersMap ===

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for MembersSeq<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.1.next_element_seed(MembersSeed(self.0, seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.1.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for MembersMap<'_, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        if self.compare == Names::Exact || self.names.is_empty() {
            return self.inner.next_key_seed(seed);
        }
        let (compare, names, note) = (self.compare, self.names, self.note);
        self.inner.next_key_seed(NameSeed { compare, seed, names, next: &mut self.next, note })
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.next_value_seed(MembersSeed(self.compare, seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for MembersSeed<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.1.deserialize(Members(self.0, deserializer))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Pair {
        first: u8,
        second: Option<Box<Pair>>,
    }

    fn pair(names: Names, text: &str) -> Result<Pair, serde_json::Error> {
        Pair::deserialize(Members(names, &mut serde_json::Deserializer::from_str(text)))
    }

    #[test]
    fn an_array_is_no_object_however_deep() {
        for text in ["[1,null]", r#"{"first":1,"second":[2,null]}"#] {
            assert!(serde_json::from_str::<Pair>(text).is_ok(), "serde alone takes {text}");
            assert!(pair(Names::Exact, text).unwrap_err().to_string().contains("expected an object"), "{text}");
        }
    }

    #[test]
    fn also_not_for_an_object_without_members() {
        #[derive(Debug, Deserialize)]
        struct Nothing {}
        let read = |text| Nothing::deserialize(Members(Names::Exact, &mut serde_json::Deserializer::from_str(text)));
        assert!(read("{}").is_ok() && read("[]").is_err());
    }

    #[test]
    fn names_are_compared_as_asked() {
        let text = r#"{"SECOND":{"First":2},"First":1}"#;
        let inner = Pair { first: 2, second: None };
        assert_eq!(pair(Names::AnyCase, text).unwrap(), Pair { first: 1, second: Some(Box::new(inner)) });
        assert!(pair(Names::Exact, text).is_err());
    }

    #[test]
    fn a_name_that_is_not_known_is_refused_where_names_are_snakes() {
        let text = r#"{"frist":1}"#;
        let error = pair(Names::Snake, text).unwrap_err().to_string();
        assert!(error.starts_with("unknown field `frist`, expected one of `first`, `second`"), "{error}");
    }

    #[test]
    fn whoever_wants_to_know_the_names_is_told_those_of_the_object_itself() {
        let note = Notes::default();
        let mut json = serde_json::Deserializer::from_str(r#"{"SECOND":{"First":2},"other":0,"First":1}"#);
        let noted = Noted { compare: Names::AnyCase, inner: &mut json, note: &note };
        Pair::deserialize(noted).unwrap();
        assert_eq!(note.into_inner(), ["second", "first"]);
    }

    #[test]
    fn maps_keep_their_names() {
        let mut json = serde_json::Deserializer::from_str(r#"{"Ab":1,"aB":2}"#);
        let map = BTreeMap::<String, u8>::deserialize(Members(Names::AnyCase, &mut json)).unwrap();
        assert_eq!(map, BTreeMap::from([("Ab".to_owned(), 1), ("aB".to_owned(), 2)]));
    }
}
