//! The JSON Schema of scenario files, for editors: made from the tables that the parser reads by.
//!
//! Knows: keys, words, fields and their forms. Does not know: what only the parser can tell, such as names of cards, banks and steps.

use model::Kind;
use serde_json::{Map, Value, json};

use super::Shape;
use super::fields::{self, Field};
use super::keys::{self, Fields, Form, Key, Verb, Word};

/// An amount with its currency, or a template that may become one.
const AMOUNT: &str = r"^-?[0-9_,.]+ [A-Z]{3}$|\{\{";
/// A length of time.
const DURATION: &str = "^([0-9]+(d|h|m|s|ms))+$";
/// A message type.
const MTI: &str = "^[0-9]{4}$";

/// The schema, draft 2020-12.
#[must_use]
pub fn schema() -> Value {
    let mut all = table(keys::TOP, Map::new());
    let head = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A scenario of payswitch",
        "$defs": definitions(),
    });
    if let (Some(all), Value::Object(head)) = (all.as_object_mut(), head) {
        all.extend(head);
    }
    all
}

fn definitions() -> Value {
    let mut all = Map::new();
    all.insert("plain".into(), json!({ "type": ["string", "number", "boolean"] }));
    all.insert("matcher".into(), matcher());
    all.insert("absent".into(), closed(json!({ "absent": { "const": true } }), &["absent"]));
    all.insert("terminal".into(), table(keys::TERMINAL, Map::new()));
    all.insert("person".into(), table(keys::PERSON, Map::new()));
    all.insert("pay".into(), table(keys::ITEM, Map::new()));
    for verb in keys::VERBS {
        all.insert(verb.key.name.into(), step(verb));
    }
    let steps: Vec<_> = keys::VERBS.iter().map(|verb| reference(verb.key.name)).collect();
    all.insert("step".into(), json!({ "oneOf": steps }));
    Value::Object(all)
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn closed(properties: impl Into<Value>, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties.into(), "required": required, "additionalProperties": false })
}

/// A table with these keys, and more.
fn table(keys: &[Key], mut more: Map<String, Value>) -> Value {
    for key in keys {
        more.insert(key.name.into(), described(form(key.form), key.about));
    }
    let needed: Vec<_> = keys.iter().filter(|key| key.needed).map(|key| key.name).collect();
    closed(more, &needed)
}

fn described(mut form: Value, about: &str) -> Value {
    if let Some(form) = form.as_object_mut() {
        form.insert("description".into(), about.into());
    }
    form
}

fn step(verb: &Verb) -> Value {
    let fields = fields::FIELDS.iter().filter_map(|field| Some((field.name.to_owned(), field_form(verb.fields, field)?)));
    let own: Vec<_> = std::iter::once(verb.key).chain(verb.keys.iter().copied()).collect();
    let mut all = table(&own, fields.collect());
    let rules = rules(verb);
    if let (Some(all), false) = (all.as_object_mut(), rules.is_empty()) {
        all.insert("allOf".into(), rules.into());
    }
    all
}

/// Which keys do not go with which word.
fn rules(verb: &Verb) -> Vec<Value> {
    let mut words: Vec<Vec<&str>> = verb.words().iter().map(|word| vec![word.name]).collect();
    if matches!(verb.key.form, Form::Sent(_)) {
        words.push(Kind::ALL.map(Kind::name).to_vec());
    }
    let rule = |words: Vec<&str>| {
        let kept = verb.keys_with(words.first()?);
        let out = verb.keys.iter().filter(|key| !kept.contains(&key.name)).map(|key| (key.name.to_owned(), json!(false)));
        let out: Map<_, _> = out.collect();
        let said = json!({ "properties": { verb.key.name: { "enum": words } } });
        (!out.is_empty()).then(|| json!({ "if": said, "then": { "properties": out } }))
    };
    words.into_iter().filter_map(rule).collect()
}

fn field_form(fields: Fields, field: &Field) -> Option<Value> {
    let plain = match field.shape {
        Shape::Amount => json!({ "type": "string", "pattern": AMOUNT }),
        Shape::Truth => json!({ "type": "boolean" }),
        _ => reference("plain"),
    };
    let form = match (fields, field.shape) {
        (Fields::None, _) => return None,
        (Fields::Set, _) if field.part => return None,
        (Fields::Set, Shape::Card) => reference("absent"),
        (Fields::Set, _) => json!({ "anyOf": [plain, reference("absent")] }),
        (Fields::Compared, Shape::Secret) => reference("matcher"),
        (Fields::Compared, _) => json!({ "anyOf": [plain, reference("matcher")] }),
    };
    Some(described(form, &format!("DE{}, {}: {}.", field.number, field.about, field.shape.wanted())))
}

fn matcher() -> Value {
    let one = |key: &Key| {
        let mut properties = Map::from_iter([(key.name.to_owned(), described(form(key.form), key.about))]);
        let mut needed = vec![key.name];
        if key.name == "near" {
            properties.insert(keys::BY.name.to_owned(), described(form(keys::BY.form), keys::BY.about));
            needed.push(keys::BY.name);
        }
        closed(properties, &needed)
    };
    json!({ "oneOf": keys::MATCHERS.iter().map(one).collect::<Vec<_>>() })
}

/// What a value looks like.
fn form(form: Form) -> Value {
    let moment = || json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]" });
    match form {
        Form::Text => json!({ "type": "string" }),
        Form::Template => json!({ "type": ["string", "number"] }),
        Form::Word(words) => words_of(words.iter().map(|word| (word.name, word.about))),
        Form::Sent(words) => {
            let kinds = Kind::ALL.iter().map(|kind| (kind.name(), "As a request (0200)."));
            words_of(kinds.chain(words.iter().map(|word| (word.name, word.about))))
        }
        Form::Kind => json!({ "enum": Kind::ALL.map(Kind::name) }),
        Form::Message(words) => either(words, &json!({ "type": "string", "pattern": MTI })),
        Form::Mti => json!({ "type": "string", "pattern": MTI }),
        Form::Number => json!({ "type": "integer", "minimum": 0 }),
        Form::Said => json!({ "const": true }),
        Form::Truth => json!({ "type": "boolean" }),
        Form::Moment => moment(),
        Form::Date => json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}" }),
        Form::Duration => json!({ "type": "string", "pattern": DURATION }),
        Form::Clock(words) => {
            let by = json!({ "type": "string", "pattern": DURATION.replace('^', "^\\+") });
            json!({ "anyOf": [either(words, &by), moment()] })
        }
        Form::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Form::Named => json!({ "type": "object", "additionalProperties": reference("plain") }),
        Form::Captures => {
            let kept = fields::FIELDS.iter().filter(|field| field.shape != Shape::Secret);
            let names: Vec<_> = kept.map(|field| field.name).collect();
            json!({ "type": "object", "additionalProperties": { "enum": names } })
        }
        Form::AnyTable => json!({ "type": "object" }),
        Form::Terminals => json!({ "type": "object", "additionalProperties": reference("terminal") }),
        Form::People => json!({ "type": "object", "additionalProperties": reference("person") }),
        Form::Standings(words) => {
            let standing = words_of(words.iter().map(|word| (word.name, word.about)));
            json!({ "type": "object", "additionalProperties": standing })
        }
        Form::Items => json!({ "type": "array", "minItems": 1, "items": reference("pay") }),
        Form::Steps => json!({ "type": "array", "minItems": 1, "items": reference("step") }),
        Form::Matcher => json!({ "anyOf": [reference("plain"), reference("matcher")] }),
        Form::Values => json!({ "type": "array", "items": reference("plain") }),
    }
}

fn words_of<'a>(words: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    // An editor shows what each means beside it.
    json!({ "oneOf": words.map(|(name, about)| json!({ "const": name, "description": about })).collect::<Vec<_>>() })
}

fn either(words: &[Word], other: &Value) -> Value {
    json!({ "anyOf": [words_of(words.iter().map(|word| (word.name, word.about))), other] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_that_is_kept_is_the_one_that_is_made() {
        let kept: Value = serde_json::from_str(include_str!("../../../../docs/scenario.schema.json")).unwrap();
        assert!(kept == schema(), "docs/scenario.schema.json is old: payswitch scenario schema > docs/scenario.schema.json");
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_table_is_closed() {
        fn walk(value: &Value, root: &Value) {
            if let Some(to) = value.get("$ref").and_then(Value::as_str) {
                assert!(root.pointer(to.trim_start_matches('#')).is_some(), "{to}");
            }
            let open = value.get("properties").is_some() && value.get("type").is_some();
            assert!(!open || value["additionalProperties"] == false, "{value}");
            match value {
                Value::Object(entries) => entries.values().for_each(|value| walk(value, root)),
                Value::Array(values) => values.iter().for_each(|value| walk(value, root)),
                _ => {}
            }
        }
        let schema = schema();
        walk(&schema, &schema);
        assert!(schema["$defs"]["send"]["properties"].get("available").is_none(), "a balance is read, never set");
        assert_eq!(schema["$defs"]["expect"]["properties"]["track2"]["$ref"], "#/$defs/matcher");
    }
}
