//! Concepts and views without SQL, §2, number 10: `?city=Pune&id=1` asks for the rows with these values. How the
//! vendor filters is not documented; equality is the least that a filter can be.

use std::fmt::Write as _;
use std::sync::Arc;

use super::error::Refusal;
use super::query;
use super::work::{Work, success};
use crate::answer::Answer;
use crate::call::pairs;
use crate::directory::TimbrUser;
use crate::reason::Reason;

/// `GET /timbr/api/q/{ontology}/concept/{concept}`.
pub(super) fn concept(work: &mut Work<'_>, user: &Arc<TimbrUser>) -> Result<Answer, Refusal> {
    rows_of("dtimbr", work, user)
}

/// `GET /timbr/api/q/{ontology}/view/{view}`.
pub(super) fn view(work: &mut Work<'_>, user: &Arc<TimbrUser>) -> Result<Answer, Refusal> {
    rows_of("vtimbr", work, user)
}

fn rows_of(schema: &str, work: &Work<'_>, user: &Arc<TimbrUser>) -> Result<Answer, Refusal> {
    let sql = statement(schema, work.segment(1), work.call.query.unwrap_or_default()).map_err(|name| {
        Refusal::BadRequest(Reason::QueryInvalid.because(format!("Bad request: the filter {name:?} has no value")))
    })?;
    query::rows(work.call, work.segment(0), &sql, user).map(success)
}

/// The statement that filters mean, or the name of a filter without `=`.
fn statement(schema: &str, name: &str, filters: &str) -> Result<String, String> {
    let mut sql = format!("SELECT * FROM {schema}.{}", identifier(name));
    for (position, (column, value)) in pairs(filters).enumerate() {
        let Some(value) = value else { return Err(column) };
        let word = if position == 0 { "WHERE" } else { "AND" };
        // A text cannot refuse to be written to.
        let _ = write!(sql, " {word} {} = {}", identifier(&column), literal(&value));
    }
    Ok(sql)
}

fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// What reads as a whole number is one; `007` is a text.
fn literal(value: &str) -> String {
    match value.parse::<i64>() {
        Ok(number) if number.to_string() == value => value.to_owned(),
        Ok(_) | Err(_) => format!("'{}'", value.replace('\'', "''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_become_conditions_and_nothing_else() {
        let check = |filters, expected: &str| {
            assert_eq!(statement("dtimbr", "customer", filters).unwrap(), format!("SELECT * FROM dtimbr.{expected}"));
        };
        check("", "`customer`");
        check("city=Pune&id=1", "`customer` WHERE `city` = 'Pune' AND `id` = 1");
        check("zip=007&id=-1", "`customer` WHERE `zip` = '007' AND `id` = -1");
        check("city=a%27+OR+1%3D1--", "`customer` WHERE `city` = 'a'' OR 1=1--'");
        check("a%60+OR+%60=1", "`customer` WHERE `a`` OR ``` = 1");
        check("city=", "`customer` WHERE `city` = ''");
        assert_eq!(statement("vtimbr", "a`b", "").unwrap(), "SELECT * FROM vtimbr.`a``b`");
        assert_eq!(statement("dtimbr", "customer", "city").unwrap_err(), "city");
    }
}
