//! Which contracts the document has, and each of them as a schema.

use serde_json::{Map, Value, json};
use wire::contract::{Field, Kind, Shape};

use super::super::endpoint::{Answers, Content, Demands, Endpoint};
use super::names::{self, Way};
use super::options::Shaped;
use super::schema::{self, reference};
use super::{refusals, words};
use crate::operation::Operation;

/// The contracts of answers.
#[derive(Debug, Default)]
pub(super) struct Contracts {
    answered: Vec<&'static Shape>,
    /// Those of which a client may ask for some members alone.
    thinned: Vec<&'static str>,
}

// === impl Contracts ===

impl Contracts {
    pub(super) fn of(operations: &[(Operation, Endpoint)]) -> Self {
        let mut contracts = Self::default();
        for (operation, endpoint) in operations {
            let Answers::Contract(content) = endpoint.answers else { continue };
            each_shape(content.kind, Way::Answer, &Demands::default(), &mut |shape, _| {
                let is_new = contracts.answered.iter().all(|known| known.name != shape.name);
                if is_new {
                    contracts.answered.push(shape);
                }
                is_new
            });
            if Shaped::of(*operation, endpoint).is_some() {
                contracts.thinned.push(content.shape.name);
            }
        }
        contracts
    }

    /// What an answer holds.
    pub(super) fn answer(&self, content: Content) -> Value {
        self.schema(content.kind, Way::Answer, &Demands::default())
    }

    /// What a body holds.
    pub(super) fn request(&self, content: Content, demands: &Demands) -> Value {
        self.schema(content.kind, self.way_in(content.shape), demands)
    }

    /// Every schema of the document, by name.
    pub(super) fn schemas(&self, operations: &[(Operation, Endpoint)]) -> Value {
        let mut schemas = Map::new();
        for shape in &self.answered {
            schemas.insert(shape.name.to_owned(), self.object(shape, Way::Answer, &Demands::default()));
        }
        for (_, endpoint) in operations {
            let Some(content) = endpoint.takes else { continue };
            let way = self.way_in(content.shape);
            each_shape(content.kind, way, &endpoint.demands, &mut |shape, demands| {
                let way = self.way_in(shape);
                let name = names::contract(shape, way, demands);
                let is_new = !schemas.contains_key(&name);
                if is_new {
                    schemas.insert(name, self.object(shape, way, demands));
                }
                is_new
            });
        }
        schemas.sort_keys();
        schemas.insert("Problem".to_owned(), refusals::problem());
        Value::Object(schemas)
    }

    fn way_in(&self, shape: &Shape) -> Way {
        Way::Request { is_answered: self.answered.iter().any(|known| known.name == shape.name) }
    }

    /// A value, with contracts as references.
    fn schema(&self, kind: Kind, way: Way, demands: &Demands) -> Value {
        schema::of(kind, way, &|shape| {
            let way = if way == Way::Answer { way } else { self.way_in(shape) };
            reference("schemas", &names::contract(shape, way, demands))
        })
    }

    /// A contract itself.
    fn object(&self, shape: &'static Shape, way: Way, demands: &Demands) -> Value {
        let mut properties = Map::new();
        for field in shape.fields.iter().filter(|field| is_told(field, way, demands)) {
            properties.insert(field.name.to_owned(), self.member(shape, field, way, demands));
        }
        let required: Vec<&str> = match way {
            Way::Answer if self.thinned.contains(&shape.name) => Vec::new(),
            Way::Answer => shape.fields.iter().filter(|field| is_always_there(field)).map(|field| field.name).collect(),
            Way::Request { .. } if demands.is_part => Vec::new(),
            Way::Request { .. } => [demands.present, demands.filled].concat(),
        };
        let mut object = json!({ "type": "object", "properties": properties });
        if !required.is_empty() {
            object["required"] = json!(required);
        }
        if way == Way::Answer {
            object["additionalProperties"] = json!(false);
        }
        object
    }

    fn member(&self, shape: &Shape, field: &Field, way: Way, demands: &Demands) -> Value {
        let is_asked_for = demands.filled.contains(&field.name) || demands.present.contains(&field.name);
        // What must be there is not null.
        let mut schema = match field.kind {
            kind if is_asked_for => self.schema(bare(kind), Way::Answer, &Demands::default()),
            kind => self.schema(kind, way, &Demands::default()),
        };
        if demands.filled.contains(&field.name) {
            schema["minLength"] = json!(1);
        }
        if let Some((_, most)) = demands.longest.iter().find(|(name, _)| *name == field.name) {
            schema["maxLength"] = json!(most);
        }
        if matches!(field.kind, Kind::Secret(_)) {
            schema["writeOnly"] = json!(true);
        }
        if let Some(about) = words::about(shape.name, field.name)
            && schema.get("$ref").is_none()
        {
            schema["description"] = json!(about);
        }
        schema
    }
}

/// Visits a contract and those within it, as long as they are news to the visitor. What is asked of a body is asked of
/// its outermost contract.
fn each_shape(kind: Kind, way: Way, demands: &Demands, visit: &mut impl FnMut(&'static Shape, &Demands) -> bool) {
    match kind {
        // In requests another row is its id.
        Kind::Link(_) if way != Way::Answer => {}
        Kind::Object(shape) | Kind::Link(shape) => {
            let shape = shape();
            if visit(shape, demands) {
                for field in shape.fields.iter().filter(|field| is_told(field, way, demands)) {
                    each_shape(field.kind, way, &Demands::default(), visit);
                }
            }
        }
        Kind::List(inner) | Kind::Nullable(inner) | Kind::Secret(inner) => each_shape(*inner, way, demands, visit),
        Kind::Bool
        | Kind::Integer(_)
        | Kind::Single
        | Kind::Double
        | Kind::Text
        | Kind::Guid
        | Kind::Choice(_)
        | Kind::Anything => {}
    }
}

/// Whether a member travels that way at all.
fn is_told(field: &Field, way: Way, demands: &Demands) -> bool {
    match way {
        Way::Answer => !matches!(field.kind, Kind::Secret(_)),
        Way::Request { .. } => !demands.fixed.contains(&field.name),
    }
}

/// Whether every answer has a member, as long as nobody asks for others alone.
fn is_always_there(field: &Field) -> bool {
    !matches!(field.kind, Kind::Nullable(_) | Kind::Secret(_) | Kind::Anything)
}

/// A kind without what may be missing or must be hidden.
fn bare(kind: Kind) -> Kind {
    match kind {
        Kind::Nullable(inner) | Kind::Secret(inner) => bare(*inner),
        Kind::Bool
        | Kind::Integer(_)
        | Kind::Single
        | Kind::Double
        | Kind::Text
        | Kind::Guid
        | Kind::Choice(_)
        | Kind::Object(_)
        | Kind::Link(_)
        | Kind::List(_)
        | Kind::Anything => kind,
    }
}
