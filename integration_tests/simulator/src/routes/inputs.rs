//! Body of batch requests.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::message::{Answer, Request};
use crate::refusal;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body<T> {
    inputs: Vec<T>,
}

/// Parses the inputs of a request, at most `most`.
pub(crate) fn inputs<T: DeserializeOwned>(
    request: &Request,
    most: usize,
) -> Result<Vec<T>, Answer> {
    let Body { inputs } =
        serde_json::from_slice(&request.body).map_err(|error| refusal::invalid_json(&error))?;
    if inputs.len() > most {
        return Err(refusal::too_many_inputs(most, inputs.len()));
    }
    Ok(inputs)
}
