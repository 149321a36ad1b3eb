//! Parser for the state file in every format that clients send.

use std::collections::HashMap;

use serde_json::Value;

use super::batch::StateBlob;
use crate::input::{parse_json, without_bom};

/// Key of the state of a stream without a cursor; treated as no state when read back.
pub const NO_CURSOR_STATE: &str = "__ab_no_cursor_state_message";

/// Saved state of each stream, by name.
#[derive(Debug, Default)]
pub struct IncomingState {
    streams: HashMap<String, Value>,
    /// Warnings about entries of the file that could not be used.
    pub ignored: Vec<String>,
}

impl IncomingState {
    /// Reads `STREAM`, `GLOBAL` and `LEGACY` messages, alone or in a list.
    ///
    /// An empty file, `null`, `[]` and `{}` mean that there is no saved state.
    ///
    /// # Errors
    /// If the file is invalid, with a description of the problem.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut state = Self::default();
        if without_bom(text).trim().is_empty() {
            return Ok(state);
        }
        match parse_json(text)? {
            Value::Null => {}
            Value::Array(messages) => {
                for message in messages {
                    state.take(message)?;
                }
            }
            value @ Value::Object(_) => state.take(value)?,
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                return Err("holds neither a list nor an object".into());
            }
        }
        Ok(state)
    }

    /// Returns the state saved for a stream, or `None` if there is nothing to resume from.
    ///
    /// # Errors
    /// If the value is not an object; the error is that value.
    pub fn of(&self, stream: &str) -> Result<Option<&StateBlob>, &Value> {
        match self.streams.get(stream) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(state))
                if state.is_empty() || state.contains_key(NO_CURSOR_STATE) =>
            {
                Ok(None)
            }
            Some(Value::Object(state)) => Ok(Some(state)),
            Some(other) => Err(other),
        }
    }

    pub fn stream_names(&self) -> impl Iterator<Item = &str> {
        self.streams.keys().map(String::as_str)
    }

    fn take(&mut self, message: Value) -> Result<(), String> {
        let Value::Object(mut message) = message else {
            return Err("holds an entry that is not an object".into());
        };
        if let Some(stream) = object(&mut message, "stream")? {
            return self.take_stream(stream.into());
        }
        if let Some(state) = object(&mut message, "state")? {
            // A whole message, as the connector wrote it.
            return self.take(state.into());
        }
        if let Some(mut global) = object(&mut message, "global")? {
            return match global.remove("stream_states") {
                None | Some(Value::Null) => Ok(()),
                Some(Value::Array(streams)) => {
                    streams.into_iter().try_for_each(|stream| self.take_stream(stream))
                }
                Some(_) => Err("holds a `global` whose `stream_states` is not a list".into()),
            };
        }
        if let Some(data) = object(&mut message, "data")? {
            self.streams.extend(data);
            return Ok(());
        }
        if let Some(kind) = message.remove("type")
            && let Some(part) = match kind.as_str() {
                Some("STREAM") => Some("stream"),
                Some("GLOBAL") => Some("global"),
                Some("STATE") => Some("state"),
                _ => None,
            }
        {
            return Err(format!("holds an entry of type {kind} without `{part}`"));
        }
        if message.values().any(|value| !value.is_null()) {
            let keys: Vec<_> = message.keys().map(|key| format!("`{key}`")).collect();
            self.ignored.push(format!(
                "an entry is no STATE message but an object with {}",
                keys.join(", ")
            ));
        }
        Ok(())
    }

    fn take_stream(&mut self, stream: Value) -> Result<(), String> {
        let Value::Object(mut stream) = stream else {
            return Err("holds a stream state that is not an object".into());
        };
        let name = stream.get("stream_descriptor").and_then(|descriptor| descriptor.get("name"));
        let name = name
            .and_then(Value::as_str)
            .ok_or("holds a stream state without `stream_descriptor.name`")?
            .to_owned();
        self.streams.insert(name, stream.remove("stream_state").unwrap_or_default());
        Ok(())
    }
}

/// Takes an object out of a message; `None` for null and for a field that is not there.
fn object(message: &mut StateBlob, name: &str) -> Result<Option<StateBlob>, String> {
    match message.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(fields)) => Ok(Some(fields)),
        Some(_) => Err(format!("holds an entry whose `{name}` is not an object")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form_that_clients_send() {
        const SAVED: &str = r#"{"updatedAt":"2026-01-01T00:00:00.000000Z"}"#;
        let stream = format!(
            r#"{{"stream_descriptor":{{"name":"deals","namespace":null}},"stream_state":{SAVED}}}"#
        );
        for (case, text, expected) in [
            ("nothing", String::new(), None),
            ("null", "null".into(), None),
            ("an empty list", "[]".into(), None),
            ("an empty object", "{}".into(), None),
            ("STREAM", format!(r#"[{{"type":"STREAM","stream":{stream}}}]"#), Some(SAVED)),
            (
                "whole messages",
                format!(r#"[{{"type":"STATE","state":{{"type":"STREAM","stream":{stream}}}}}]"#),
                Some(SAVED),
            ),
            ("STREAM, not in a list", format!(r#"{{"type":"STREAM","stream":{stream}}}"#), Some(SAVED)),
            (
                "STREAM with the extras of PyAirbyte",
                format!(r#"[{{"type":"STREAM","stream":{stream},"global":null,"global_":null,"data":null,"sourceStats":null,"id":7}}]"#),
                Some(SAVED),
            ),
            (
                "GLOBAL",
                format!(r#"[{{"type":"GLOBAL","global":{{"shared_state":null,"stream_states":[{stream}]}}}}]"#),
                Some(SAVED),
            ),
            ("GLOBAL, empty", r#"[{"type":"GLOBAL","global":{"stream_states":[]}}]"#.into(), None),
            ("LEGACY", format!(r#"[{{"type":"LEGACY","data":{{"deals":{SAVED}}}}}]"#), Some(SAVED)),
            (
                "a reset stream",
                r#"[{"type":"STREAM","stream":{"stream_descriptor":{"name":"deals"},"stream_state":null}}]"#.into(),
                None,
            ),
            (
                "our own marker",
                r#"[{"type":"STREAM","stream":{"stream_descriptor":{"name":"deals"},"stream_state":{"__ab_no_cursor_state_message":true}}}]"#.into(),
                None,
            ),
        ] {
            let state = IncomingState::parse(&text).unwrap_or_else(|error| panic!("{case}: {error}"));
            let found = state.of("deals").expect(case).map(|state| serde_json::to_string(state).unwrap());
            assert_eq!(found.as_deref(), expected, "{case}");
            assert!(state.ignored.is_empty(), "{case}");
        }
    }

    #[test]
    fn says_what_it_cannot_read() {
        for (case, text) in [
            ("not JSON", "{"),
            ("a number", "7"),
            ("a list of numbers", "[7]"),
            ("no name", r#"[{"type":"STREAM","stream":{"stream_state":{}}}]"#),
            ("a stream that is text", r#"[{"type":"STREAM","stream":"deals"}]"#),
            ("STREAM without a stream", r#"[{"type":"STREAM","stream":null}]"#),
            ("a whole message without a state", r#"[{"type":"STATE"}]"#),
            ("a state that is a list", r#"[{"type":"STATE","state":[]}]"#),
            ("a global that is a list", r#"[{"type":"GLOBAL","global":[]}]"#),
            ("GLOBAL without a global", r#"[{"type":"GLOBAL"}]"#),
            (
                "stream states by name",
                r#"[{"type":"GLOBAL","global":{"stream_states":{"deals":{}}}}]"#,
            ),
            (
                "a stream state that is text",
                r#"[{"type":"GLOBAL","global":{"stream_states":["deals"]}}]"#,
            ),
            ("legacy data that is a list", r#"[{"type":"LEGACY","data":[]}]"#),
        ] {
            assert!(IncomingState::parse(text).is_err(), "{case}");
        }
        assert_eq!(
            IncomingState::parse(r#"{"deals":{"updatedAt":"x"}}"#).unwrap().ignored.len(),
            1
        );
    }
}
