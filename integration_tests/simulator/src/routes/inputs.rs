//! Bodies of batch requests and responses.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::message::{Answer, Request};
use crate::portal::iso;
use crate::refusal;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body<T> {
    inputs: Vec<T>,
}

/// Parses the inputs of a request, at most `max`.
pub(crate) fn inputs<T: DeserializeOwned>(request: &Request, max: usize) -> Result<Vec<T>, Answer> {
    let Body { inputs } =
        serde_json::from_slice(&request.body).map_err(|error| refusal::invalid_json(&error))?;
    if inputs.len() > max {
        return Err(refusal::too_many_inputs(max, inputs.len()));
    }
    Ok(inputs)
}

/// Returns a batch response, with status 207 if an input was not found. `items` is the plural name
/// of the items.
pub(crate) fn batch_answer(
    results: &[Value],
    missing: &[String],
    items: &str,
    now_ms: i64,
) -> Answer {
    let mut answer = json!({
        "status": "COMPLETE",
        "results": results,
        "startedAt": iso(now_ms),
        "completedAt": iso(now_ms + 12),
    });
    if missing.is_empty() {
        return Answer::json(200, answer.to_string());
    }
    if let Some(fields) = answer.as_object_mut() {
        let errors = json!([{
            "status": "error", "category": "OBJECT_NOT_FOUND",
            "message": format!("Some {items} do not exist."), "context": { "ids": missing },
        }]);
        fields.insert("numErrors".to_owned(), 1.into());
        fields.insert("errors".to_owned(), errors);
    }
    Answer::json(207, answer.to_string())
}
