//! Closed lists of words in the document, in the form that every generator of clients reads: one `enum`. Out of the types they
//! come as a choice of constants, since each word has a description of its own.

use serde_json::{Map, Value};

/// Writes every choice of constants below a value as one list, with what each word means in its description.
pub(super) fn listed(value: &mut Value) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(listed),
        Value::Object(object) => {
            if let Some((words, meanings)) = object.get("oneOf").and_then(words_of) {
                as_list(object, words, &meanings);
            }
            object.values_mut().for_each(listed);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The words of a choice, and what is said of them; none when it is a choice of something else.
fn words_of(choice: &Value) -> Option<(Vec<Value>, Vec<String>)> {
    let (mut words, mut meanings) = (Vec::new(), Vec::new());
    for one in choice.as_array()? {
        let here = match (one.get("const"), one.get("enum")) {
            (Some(word), None) => vec![word.clone()],
            (None, Some(several)) => several.as_array()?.clone(),
            (Some(_), Some(_)) | (None, None) => return None,
        };
        if let (Some(meaning), [Value::String(word)]) = (one.get("description").and_then(Value::as_str), &*here) {
            meanings.push(format!("`{word}`: {meaning}"));
        }
        words.extend(here);
    }
    words.iter().all(Value::is_string).then_some((words, meanings))
}

fn as_list(object: &mut Map<String, Value>, words: Vec<Value>, meanings: &[String]) {
    object.remove("oneOf");
    object.insert("type".to_owned(), "string".into());
    object.insert("enum".to_owned(), words.into());
    let told = object.get("description").and_then(Value::as_str).into_iter().map(str::to_owned);
    let told: Vec<String> = told.chain(meanings.iter().cloned()).collect();
    if !told.is_empty() {
        object.insert("description".to_owned(), told.join("\n\n").into());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn constants_become_one_list_and_any_other_choice_stays() {
        let mut value = json!({ "a": [{ "description": "A state.", "oneOf": [
            { "type": "string", "enum": ["x"] },
            { "type": "string", "const": "y", "description": "Why." },
        ] }], "b": { "oneOf": [{ "const": "x" }, { "type": "null" }] }, "c": { "oneOf": [{ "const": 1 }] } });
        let other = (value["b"].clone(), value["c"].clone());
        listed(&mut value);
        let list = json!({ "type": "string", "enum": ["x", "y"], "description": "A state.\n\n`y`: Why." });
        assert_eq!((&value["a"][0], &value["b"], &value["c"]), (&list, &other.0, &other.1));
    }
}
