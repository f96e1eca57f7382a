//! Protobuf without the server's contracts: answers are taken apart by hand.

use reqwest::Method;
use serde_json::Value;

use crate::support::{Signature, TestServer};

pub(crate) const PROTOBUF: &str = "application/x-protobuf";
pub(crate) const JSON: &str = "application/json";

/// One field of a message.
#[derive(Debug, PartialEq)]
pub(crate) enum Field<'b> {
    Varint(u64),
    Fixed64(&'b [u8]),
    Bytes(&'b [u8]),
    Fixed32(&'b [u8]),
}

/// The fields of a message, each with its number.
pub(crate) fn scan(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let field = match key & 7 {
            0 => Field::Varint(varint(&mut bytes)),
            1 => Field::Fixed64(take(&mut bytes, 8)),
            2 => {
                let length = varint(&mut bytes);
                Field::Bytes(take(&mut bytes, length))
            }
            5 => Field::Fixed32(take(&mut bytes, 4)),
            other => panic!("no wire type: {other}"),
        };
        fields.push((key >> 3, field));
    }
    fields
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let length = bytes.iter().position(|byte| byte & 0x80 == 0).unwrap() as u64 + 1;
    take(bytes, length).iter().rev().fold(0, |value, byte| (value << 7) | u64::from(byte & 0x7f))
}

fn take<'b>(bytes: &mut &'b [u8], length: u64) -> &'b [u8] {
    let (head, tail) = bytes.split_at(usize::try_from(length).unwrap());
    *bytes = tail;
    head
}

pub(crate) fn text(text: &str) -> Field<'_> {
    Field::Bytes(text.as_bytes())
}

/// The first field of a number.
#[track_caller]
pub(crate) fn field(message: &[u8], number: u64) -> Field<'_> {
    scan(message).into_iter().find(|(found, _)| *found == number).unwrap().1
}

#[track_caller]
pub(crate) fn text_of(message: &[u8], number: u64) -> String {
    let field = field(message, number);
    let Field::Bytes(bytes) = field else { panic!("{number} is {field:?}") };
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The messages of a list.
#[track_caller]
pub(crate) fn messages(list: &[u8]) -> Vec<&[u8]> {
    let message = |field| match field {
        (1, Field::Bytes(message)) => message,
        other => panic!("a list has nothing but its elements: {other:?}"),
    };
    scan(list).into_iter().map(message).collect()
}

/// An answer whose body need not be text.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) media: String,
    pub(crate) body: Vec<u8>,
}

pub(crate) async fn call(
    server: &TestServer,
    (method, path): (Method, &str),
    signature: &Signature,
    body: Option<(&str, &[u8])>,
    accept: &str,
) -> Answer {
    let mut request = signature.sign(server.request(method, path)).header("accept", accept);
    if let Some((media, body)) = body {
        request = request.header("content-type", media).body(body.to_vec());
    }
    let response = request.send().await.unwrap();
    let media = response.headers().get("content-type").map_or("", |media| media.to_str().unwrap()).to_owned();
    let status = response.status().as_u16();
    Answer { status, media, body: response.bytes().await.unwrap().to_vec() }
}

pub(crate) async fn get(server: &TestServer, path: &str, signature: &Signature) -> Answer {
    call(server, (Method::GET, path), signature, None, PROTOBUF).await
}

pub(crate) async fn post(server: &TestServer, path: &str, signature: &Signature, body: &[u8]) -> Answer {
    call(server, (Method::POST, path), signature, Some((PROTOBUF, body)), PROTOBUF).await
}

// === impl Answer ===

impl Answer {
    #[track_caller]
    pub(crate) fn assert(self, status: u16, media: &str) -> Vec<u8> {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!((self.status, self.media.split(';').next().unwrap()), (status, media), "{text}");
        self.body
    }

    #[track_caller]
    pub(crate) fn assert_json(self, status: u16) -> Value {
        serde_json::from_slice(&self.assert(status, JSON)).unwrap()
    }

    #[track_caller]
    pub(crate) fn assert_problem(self, status: u16) -> Value {
        serde_json::from_slice(&self.assert(status, "application/problem+json")).unwrap()
    }

    #[track_caller]
    pub(crate) fn assert_empty(self, status: u16) {
        assert_eq!(self.assert(status, ""), b"");
    }
}
