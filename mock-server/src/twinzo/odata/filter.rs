//! `$filter`: from a text to an expression over the members of a contract.
//!
//! `or` binds less than `and`, this less than `not`, and this less than a comparison, as OData has it.

use wire::contract::{Field, Shape, Value};

use super::Mistake;
use super::expression::{Comparison, Expression, Literal, Operand, Where};
use super::lexer::{Placed, Token, tokens};
use super::literal::{Type, is_shown};
use super::short;
use crate::suggest::{nearest, one_of};

/// Parentheses and negations within one another, at most.
const DEEPEST: usize = 50;

/// Conditions and values of lists, at most: each is looked at for every row.
const MOST: usize = 100;

/// Functions that can stand in a filter, for those who meant one of them.
const FUNCTIONS: [&str; 5] = ["contains", "startswith", "endswith", "tolower", "toupper"];

/// Reads a filter.
pub(super) fn parse(text: &str, shape: &'static Shape) -> Result<Expression, Mistake> {
    let mut reader = Reader { tokens: &tokens(text)?, next: 0, end: text.len(), depth: 0, conditions: 0, shape };
    let expression = reader.any()?;
    match reader.peek() {
        None => Ok(expression),
        Some(_) => Err(reader.expected("and, or, or the end")),
    }
}

/// A member by its name, with its place in the contract.
pub(super) fn member(shape: &'static Shape, name: &str, at: usize) -> Result<(usize, &'static Field), Mistake> {
    let mut members = shape.fields.iter().enumerate().filter(|(_, field)| is_shown(field));
    members.find(|(_, field)| field.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
        let names = || shape.fields.iter().filter(|field| is_shown(field)).map(|field| field.name);
        let hint = match nearest(name, names()) {
            Some(name) => format!("did you mean {name}?"),
            None => one_of(names()),
        };
        Mistake::new(at, format!("{} has no member {}; {hint}", shape.name, short(name)))
    })
}

/// The tokens that are still to be read.
struct Reader<'t> {
    tokens: &'t [Placed],
    next: usize,
    /// Where the text ends.
    end: usize,
    depth: usize,
    /// How many there were so far.
    conditions: usize,
    shape: &'static Shape,
}

/// An operand, what type it has, and where it stands.
struct Typed {
    operand: Operand,
    kind: Type,
    at: usize,
}

// === impl Reader ===

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<&'t Token> {
        self.tokens.get(self.next).map(|placed| &placed.token)
    }

    /// Where the next token stands.
    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |placed| placed.span.start)
    }

    fn expected(&self, what: &str) -> Mistake {
        let found = self.peek().map_or_else(|| "the end".to_owned(), |token| short(&token.to_string()));
        Mistake::new(self.at(), format!("expected {what}, found {found}"))
    }

    /// Whether the next token is this word, which is then taken.
    fn word(&mut self, word: &str) -> bool {
        let is_it = matches!(self.peek(), Some(Token::Word(next)) if next.eq_ignore_ascii_case(word));
        self.next += usize::from(is_it);
        is_it
    }

    fn mark(&mut self, mark: &Token) -> Result<(), Mistake> {
        if self.peek() == Some(mark) {
            self.next += 1;
            return Ok(());
        }
        Err(self.expected(&mark.to_string()))
    }

    /// One more condition, or value of a list.
    fn condition(&mut self) -> Result<(), Mistake> {
        self.conditions += 1;
        if self.conditions > MOST {
            return Err(Mistake::new(self.at(), format!("more than {MOST} conditions and values of lists")));
        }
        Ok(())
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Mistake>) -> Result<T, Mistake> {
        if self.depth == DEEPEST {
            return Err(Mistake::new(self.at(), format!("more than {DEEPEST} levels within one another")));
        }
        self.depth += 1;
        let inner = read(self);
        self.depth -= 1;
        inner
    }

    fn any(&mut self) -> Result<Expression, Mistake> {
        self.joined("or", Self::all, Expression::Any)
    }

    fn all(&mut self) -> Result<Expression, Mistake> {
        self.joined("and", Self::negated, Expression::All)
    }

    fn joined(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Result<Expression, Mistake>,
        join: fn(Vec<Expression>) -> Expression,
    ) -> Result<Expression, Mistake> {
        let first = part(self)?;
        let mut parts = vec![first];
        while self.word(word) {
            parts.push(part(self)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { join(parts) })
    }

    fn negated(&mut self) -> Result<Expression, Mistake> {
        if self.word("not") {
            return self.deeper(|reader| Ok(Expression::Not(Box::new(reader.negated()?))));
        }
        if self.peek() == Some(&Token::Open) {
            self.next += 1;
            let inner = self.deeper(Self::any)?;
            self.mark(&Token::Close)?;
            return Ok(inner);
        }
        self.said()
    }

    /// A comparison, or something that is true or false by itself.
    fn said(&mut self) -> Result<Expression, Mistake> {
        self.condition()?;
        if let Some(place) = self.finder() {
            return self.find(place);
        }
        let left = self.operand()?;
        let at = self.at();
        if self.word("in") {
            return self.among(left);
        }
        let comparison = match self.peek() {
            Some(Token::Word(word)) => Comparison::of(word),
            _ => None,
        };
        let Some(comparison) = comparison else {
            if left.kind == Type::Bool {
                return Ok(Expression::Truth(left.operand));
            }
            return Err(self.expected("eq, ne, gt, ge, lt, le or in"));
        };
        self.next += 1;
        let right = self.operand()?;
        comparable(&left, &right, at)?;
        Ok(Expression::Compare(left.operand, comparison, right.operand))
    }

    fn among(&mut self, left: Typed) -> Result<Expression, Mistake> {
        self.mark(&Token::Open)?;
        let mut among = Vec::new();
        loop {
            let at = self.at();
            self.condition()?;
            let right = self.operand()?;
            comparable(&left, &right, at)?;
            let Operand::Literal(literal) = right.operand else {
                return Err(Mistake::new(at, "a list holds values, no members".to_owned()));
            };
            among.push(literal);
            if self.peek() != Some(&Token::Comma) {
                break;
            }
            self.next += 1;
        }
        self.mark(&Token::Close)?;
        Ok(Expression::OneOf(left.operand, among))
    }

    /// Whether a function follows that says whether a text is in another.
    fn finder(&self) -> Option<Where> {
        let Some(Token::Word(word)) = self.peek() else { return None };
        let is_called = self.tokens.get(self.next + 1).is_some_and(|placed| placed.token == Token::Open);
        let known = [("contains", Where::Anywhere), ("startswith", Where::Start), ("endswith", Where::End)];
        let known = known.into_iter().find(|(name, _)| word.eq_ignore_ascii_case(name));
        known.filter(|_| is_called).map(|(_, place)| place)
    }

    fn find(&mut self, place: Where) -> Result<Expression, Mistake> {
        self.next += 1;
        self.mark(&Token::Open)?;
        let text = self.text()?;
        self.mark(&Token::Comma)?;
        let part = self.text()?;
        self.mark(&Token::Close)?;
        Ok(Expression::Find(place, text, part))
    }

    fn text(&mut self) -> Result<Operand, Mistake> {
        let Typed { operand, kind, at } = self.operand()?;
        if kind.goes_with(Type::Text) {
            return Ok(operand);
        }
        Err(Mistake::new(at, format!("a text is needed here, and this is {}", kind.name())))
    }

    fn operand(&mut self) -> Result<Typed, Mistake> {
        let at = self.at();
        let Some(token) = self.peek() else { return Err(self.expected("a member or a value")) };
        let literal = |value, kind| (Operand::Literal(Literal(value)), kind);
        let (operand, kind) = match token {
            Token::Text(text) => literal(Value::Text(text.clone().into()), Type::Text),
            Token::Integer(number) => literal(Value::Integer(*number), Type::Number),
            Token::Number(number) => literal(Value::Double(*number), Type::Number),
            Token::Guid(guid) => literal(Value::Guid(*guid), Type::Guid),
            Token::Word(word) => match word.to_ascii_lowercase().as_str() {
                "null" => literal(Value::Nothing, Type::Null),
                "true" => literal(Value::Bool(true), Type::Bool),
                "false" => literal(Value::Bool(false), Type::Bool),
                _ => return self.named(word, at),
            },
            Token::Open | Token::Close | Token::Comma | Token::Slash | Token::Star | Token::Stranger(_) => {
                return Err(self.expected("a member or a value"));
            }
        };
        self.next += 1;
        Ok(Typed { operand, kind, at })
    }

    /// A member, or a function of a text.
    fn named(&mut self, word: &str, at: usize) -> Result<Typed, Mistake> {
        self.next += 1;
        match self.peek() {
            Some(Token::Open) => {
                let recased: fn(Box<Operand>) -> Operand = match word.to_ascii_lowercase().as_str() {
                    "tolower" => Operand::Lower,
                    "toupper" => Operand::Upper,
                    _ => {
                        let hint = match nearest(word, FUNCTIONS) {
                            Some(name) => format!("did you mean {name}?"),
                            None => one_of(FUNCTIONS),
                        };
                        return Err(Mistake::new(at, format!("there is no function {} here; {hint}", short(word))));
                    }
                };
                self.next += 1;
                let inner = self.deeper(Self::text)?;
                self.mark(&Token::Close)?;
                // Of several the outermost decides alone.
                let inner = match inner {
                    Operand::Lower(inner) | Operand::Upper(inner) => inner,
                    inner @ (Operand::Member(_) | Operand::Literal(_)) => Box::new(inner),
                };
                Ok(Typed { operand: recased(inner), kind: Type::Text, at })
            }
            Some(Token::Slash) => {
                let message =
                    format!("{} is followed by a path; only a row's own members can be asked for", short(word));
                Err(Mistake::new(at, message))
            }
            _ => {
                let (place, field) = member(self.shape, word, at)?;
                let kind = Type::of(field.kind).ok_or_else(|| {
                    Mistake::new(at, format!("{} holds no single value, so it cannot be compared", field.name))
                })?;
                Ok(Typed { operand: Operand::Member(place), kind, at })
            }
        }
    }
}

/// A number is not compared with a text, nor an enumeration with a name that it does not have.
fn comparable(left: &Typed, right: &Typed, at: usize) -> Result<(), Mistake> {
    if !left.kind.goes_with(right.kind) {
        let message = format!("{} is compared with {}", left.kind.name(), right.kind.name());
        return Err(Mistake::new(at, message));
    }
    for (one, other) in [(left, right), (right, left)] {
        if let (Type::Choice(names), Operand::Literal(Literal(Value::Text(text)))) = (one.kind, &other.operand)
            && !names.contains(&&**text)
        {
            let hint = one_of(names.iter().copied());
            return Err(Mistake::new(other.at, format!("'{}' is none of its names; {hint}", short(text))));
        }
    }
    Ok(())
}
