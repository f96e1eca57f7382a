//! What one value must be like: that of a header, or of a place in a JSON body.

use http::{HeaderMap, HeaderName};
use regex::Regex;
use serde_json::Value;

use crate::fault::InvalidRule;
use crate::suggest::Unknown;

/// What a value must be like. Several forms in one must all hold.
#[derive(Clone, Debug)]
pub(super) struct Matcher(Vec<Form>);

#[derive(Clone, Debug)]
enum Form {
    Equals(Value),
    Contains(String),
    StartsWith(String),
    Matches(Regex),
    Present(bool),
}

const FORMS: [&str; 7] = ["equals", "contains", "starts_with", "matches", "present", "equalTo", "absent"];

// === impl Matcher ===

impl Matcher {
    /// A plain value is what the other must equal; an object says how to look at it.
    pub(super) fn compile(field: &'static str, spec: &Value) -> Result<Self, InvalidRule> {
        if spec.is_null() && field == "match.header" {
            return Err(InvalidRule::value(field, "no header is null; write {\"present\": false}"));
        }
        let Value::Object(forms) = spec else {
            return Ok(Self(vec![Form::Equals(spec.clone())]));
        };
        if forms.is_empty() {
            return Err(InvalidRule::value(field, "give one of equals, contains, starts_with, matches and present"));
        }
        let compile = |(name, value): (&String, &Value)| {
            let text = || {
                let wrong = || InvalidRule::value(field, format!("{name} takes a text, not {value}"));
                value.as_str().map(str::to_owned).ok_or_else(wrong)
            };
            let switch = || {
                let wrong = || InvalidRule::value(field, format!("{name} takes true or false, not {value}"));
                value.as_bool().ok_or_else(wrong)
            };
            Ok(match name.as_str() {
                // The names in camel case are WireMock's.
                "equals" | "equalTo" => Form::Equals(value.clone()),
                "contains" => Form::Contains(text()?),
                "starts_with" => Form::StartsWith(text()?),
                "matches" => {
                    let wrong = |error| InvalidRule::value(field, format!("matches is no regular expression: {error}"));
                    Form::Matches(Regex::new(&text()?).map_err(wrong)?)
                }
                "present" => Form::Present(switch()?),
                "absent" => Form::Present(!switch()?),
                unknown => return Err(Unknown::new(field, unknown, FORMS).into()),
            })
        };
        let forms: Vec<Form> = forms.iter().map(compile).collect::<Result<_, InvalidRule>>()?;
        let wants = |wanted| forms.iter().any(|form| matches!(form, Form::Present(present) if *present == wanted));
        if wants(false) && (wants(true) || forms.len() > 1) {
            return Err(InvalidRule::value(field, "it could never fire: what is absent cannot be tested"));
        }
        Ok(Self(forms))
    }

    /// Of headers with the same name one must pass.
    pub(super) fn of_header(&self, headers: &HeaderMap, name: &HeaderName) -> bool {
        let values = || headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        self.0.iter().all(|form| match form {
            Form::Present(wanted) => headers.contains_key(name) == *wanted,
            Form::Equals(_) | Form::Contains(_) | Form::StartsWith(_) | Form::Matches(_) => {
                values().any(|value| form.of_text(value))
            }
        })
    }

    pub(super) fn of_value(&self, value: Option<&Value>) -> bool {
        self.0.iter().all(|form| match (form, value) {
            (Form::Present(wanted), value) => value.is_some() == *wanted,
            (Form::Equals(wanted), Some(value)) => same(wanted, value),
            (form, Some(Value::String(text))) => form.of_text(text),
            (form, Some(value)) => form.of_text(&value.to_string()),
            (_, None) => false,
        })
    }
}

impl Form {
    fn of_text(&self, text: &str) -> bool {
        match self {
            Self::Equals(Value::String(wanted)) => text == wanted,
            Self::Equals(wanted) => *text == *wanted.to_string(),
            Self::Contains(part) => text.contains(part),
            Self::StartsWith(start) => text.starts_with(start),
            Self::Matches(regex) => regex.is_match(text),
            Self::Present(wanted) => *wanted,
        }
    }
}

/// 1 and 1.0 are the same number.
fn same(wanted: &Value, given: &Value) -> bool {
    let as_fractions = || Some(wanted.as_f64()?.total_cmp(&given.as_f64()?).is_eq());
    wanted == given || ((wanted.is_f64() || given.is_f64()) && as_fractions() == Some(true))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn passes(spec: &Value, value: Option<&Value>) -> bool {
        Matcher::compile("match.json", spec).unwrap().of_value(value)
    }

    #[test]
    fn each_form_looks_in_its_own_way() {
        let text = json!("forklift-01");
        for (spec, expected) in [
            (json!("forklift-01"), true),
            (json!("forklift"), false),
            (json!({"equalTo": "forklift-01"}), true),
            (json!({"contains": "lift"}), true),
            (json!({"starts_with": "lift"}), false),
            (json!({"matches": "^fork.*[0-9]$"}), true),
            (json!({"matches": "^lift"}), false),
            (json!({"contains": "lift", "starts_with": "x"}), false),
            (json!({"present": true}), true),
            (json!({"absent": true}), false),
        ] {
            assert_eq!(passes(&spec, Some(&text)), expected, "{spec}");
        }
        assert!(passes(&json!({"absent": true}), None) && !passes(&json!("x"), None));
        assert!(passes(&json!(1), Some(&json!(1.0))) && !passes(&json!(1), Some(&json!("1"))));
        assert!(!passes(&json!(9_007_199_254_740_993_u64), Some(&json!(9_007_199_254_740_992_u64))));
    }

    #[test]
    fn unknown_forms_are_refused_with_what_was_meant() {
        let refused = |spec| Matcher::compile("match.header", &spec).unwrap_err().to_string();
        assert_eq!(refused(json!({"contans": "x"})), "match.header \"contans\" is unknown; did you mean \"contains\"?");
        assert!(refused(json!({"matches": "("})).contains("no regular expression"));
        assert!(refused(json!({"present": "yes"})).contains("takes true or false"));
    }
}
