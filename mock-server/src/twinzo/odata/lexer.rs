//! An option's text in tokens, each with its place.

use std::ops::Range;

use uuid::Uuid;
use winnow::ascii::{digit1, multispace0};
use winnow::combinator::{alt, delimited, empty, not, opt, preceded, repeat, terminated};
use winnow::error::ContextError;
use winnow::prelude::*;
use winnow::token::{one_of, take, take_while};
use winnow::{LocatingSlice, Result};

use super::Mistake;

/// A part of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A name or an operator.
    Word(String),
    Text(String),
    Integer(i64),
    Number(f64),
    Guid(Uuid),
    Open,
    Close,
    Comma,
    Slash,
    Star,
    /// A mark that has no meaning; what was expected in its place says more than it.
    Stranger(char),
}

/// A token with its place in the text, in bytes.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) span: Range<usize>,
}

type Input<'i> = LocatingSlice<&'i str>;

/// Takes a text apart.
pub(super) fn tokens(text: &str) -> std::result::Result<Vec<Placed>, Mistake> {
    let mut input = LocatingSlice::new(text);
    let read: Result<Vec<Placed>, ContextError> = preceded(multispace0, repeat(0.., placed)).parse_next(&mut input);
    let rest = text.len() - input.len();
    match read {
        Ok(tokens) if rest == text.len() => Ok(tokens),
        Ok(_) | Err(_) => Err(stranger(&text[rest..], rest)),
    }
}

fn placed(input: &mut Input<'_>) -> Result<Placed> {
    let token = alt((guid, number, word, quoted, mark)).with_span().map(|(token, span)| Placed { token, span });
    terminated(token, multispace0).parse_next(input)
}

/// 36 characters that are one, and nothing that would go on.
fn guid(input: &mut Input<'_>) -> Result<Token> {
    let digits = take(36_usize).verify_map(|text: &str| Uuid::try_parse(text).ok());
    terminated(digits, not(one_of(goes_on))).map(Token::Guid).parse_next(input)
}

fn number(input: &mut Input<'_>) -> Result<Token> {
    let exponent = (one_of(['e', 'E']), opt(one_of(['+', '-'])), digit1);
    let number = (opt('-'), digit1, opt(('.', digit1)), opt(exponent)).take();
    terminated(number, not(one_of(goes_on)))
        .verify_map(|text: &str| match text.parse() {
            Ok(whole) => Some(Token::Integer(whole)),
            Err(_) => text.parse().ok().filter(|number: &f64| number.is_finite()).map(Token::Number),
        })
        .parse_next(input)
}

fn word(input: &mut Input<'_>) -> Result<Token> {
    let begins = |letter: char| letter.is_alphabetic() || letter == '_' || letter == '$' || letter == '@';
    let word = (one_of(begins), take_while(0.., goes_on)).take();
    word.map(|word: &str| Token::Word(word.to_owned())).parse_next(input)
}

/// A text between single quotes; two of them inside stand for one.
fn quoted(input: &mut Input<'_>) -> Result<Token> {
    let inside = alt((take_while(1.., |letter| letter != '\''), "''".value("'")));
    let parts = repeat(0.., inside).fold(String::new, |text, part| text + part);
    delimited('\'', parts, ('\'', empty)).map(Token::Text).parse_next(input)
}

fn mark(input: &mut Input<'_>) -> Result<Token> {
    let mut token = alt((
        '('.value(Token::Open),
        ')'.value(Token::Close),
        ','.value(Token::Comma),
        '/'.value(Token::Slash),
        '*'.value(Token::Star),
        one_of(|letter: char| letter.is_ascii_punctuation() && letter != '\'' && letter != '"').map(Token::Stranger),
    ));
    token.parse_next(input)
}

fn goes_on(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '.' || letter == '-'
}

/// What is wrong with a text that does not begin with a token.
fn stranger(rest: &str, at: usize) -> Mistake {
    let word: String = rest.chars().take_while(|letter| goes_on(*letter)).take(40).collect();
    let message = match rest.chars().next() {
        Some('\'') => "the text that begins here has no end; a quote inside is written twice".to_owned(),
        Some('"') => "texts stand between single quotes".to_owned(),
        Some(first) if first.is_ascii_digit() || first == '-' => format!("{word} is not a number that can be compared"),
        Some(first) => format!("{first:?} has no meaning here"),
        None => "something is missing".to_owned(),
    };
    Mistake::new(at, message)
}

// === impl Token ===

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::Text(text) => write!(f, "'{text}'"),
            Self::Integer(number) => number.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Guid(guid) => guid.fmt(f),
            Self::Open => f.write_str("("),
            Self::Close => f.write_str(")"),
            Self::Comma => f.write_str(","),
            Self::Slash => f.write_str("/"),
            Self::Star => f.write_str("*"),
            Self::Stranger(mark) => mark.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Token> {
        tokens(text).unwrap().into_iter().map(|placed| placed.token).collect()
    }

    fn wrong(text: &str) -> String {
        tokens(text).unwrap_err().describe(text)
    }

    #[test]
    fn a_text_is_taken_apart() {
        let word = |word: &str| Token::Word(word.to_owned());
        assert_eq!(
            read("  X le -12.5e1 and(Title ne 'O''Neill ''')"),
            [
                word("X"),
                word("le"),
                Token::Number(-125.0),
                word("and"),
                Token::Open,
                word("Title"),
                word("ne"),
                Token::Text("O'Neill '".to_owned()),
                Token::Close,
            ]
        );
        let guid = "004706bc-968b-41a9-9fa4-16465ca1e40d";
        assert_eq!(read(&format!("{guid},7")), [Token::Guid(guid.parse().unwrap()), Token::Comma, Token::Integer(7)]);
        assert_eq!(read("Layers/*"), [word("Layers"), Token::Slash, Token::Star]);
        assert_eq!(read("Id=5"), [word("Id"), Token::Stranger('='), Token::Integer(5)]);
        assert_eq!(read(""), []);
        assert_eq!(tokens("a  bc").unwrap()[1].span, 3..5);
    }

    #[test]
    fn what_is_no_token_is_named_with_its_place() {
        assert_eq!(
            wrong("Title eq 'open"),
            "the text that begins here has no end; a quote inside is written twice, at character 10"
        );
        assert_eq!(wrong("Title eq \"x\""), "texts stand between single quotes, at character 10");
        assert_eq!(wrong("Id eq 12abc"), "12abc is not a number that can be compared, at character 7");
        assert_eq!(wrong("Id eq 1e999"), "1e999 is not a number that can be compared, at character 7");
        assert_eq!(wrong("ä \u{7} 5"), "'\\u{7}' has no meaning here, at character 3");
    }
}
