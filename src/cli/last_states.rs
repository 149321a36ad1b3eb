//! The `state` command: the last state of each stream in the output of earlier reads.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::args::StateArgs;
use super::inputs::{input_error, read_text};
use crate::error::Error;
use crate::protocol::write_document;

/// Collects the states and prints them, or replaces the state file.
pub(super) fn run(args: &StateArgs) -> Result<(), Error> {
    let mut states = LastStates::default();
    if let Some(path) = args.update.as_deref().filter(|path| path.exists()) {
        states.add("state", path)?;
    }
    if args.files.is_empty() {
        states.add("output", Path::new("-"))?;
    }
    for path in &args.files {
        states.add("output", path)?;
    }
    let text = states.to_json();
    match &args.update {
        Some(path) => replace(path, &text)
            .map_err(|error| input_error("state", path, format!("cannot be written: {error}"))),
        None => write_document(&text),
    }
}

/// Last states in the order in which their streams were first seen.
#[derive(Default)]
struct LastStates {
    states: Vec<Value>,
    /// Position in `states` of the state of each stream.
    places: HashMap<String, usize>,
}

impl LastStates {
    /// Adds all states of an output of `read` (JSON lines) or of a state file (one JSON value).
    ///
    /// A last line without an end is ignored: it is cut off if the read was killed.
    fn add(&mut self, file: &'static str, path: &Path) -> Result<(), Error> {
        let text = read_text(file, path)?;
        if let Ok(value) = serde_json::from_str::<Value>(&text) {
            self.take_all(value);
            return Ok(());
        }
        for (number, line) in text.split_inclusive('\n').enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            match serde_json::from_str(line) {
                Ok(value) => self.take_all(value),
                Err(_) if !line.ends_with('\n') => {}
                Err(_) => {
                    let problem = format!(
                        "is not the output of `read`: line {} is not JSON; pass the file that \
                         stdout of `read` was written to",
                        number + 1
                    );
                    return Err(input_error(file, path, problem));
                }
            }
        }
        Ok(())
    }

    fn take_all(&mut self, value: Value) {
        let values = if let Value::Array(values) = value { values } else { vec![value] };
        for value in values {
            self.take(value);
        }
    }

    /// Takes the state out of a STATE message, or a state as in a state file. Any other value is
    /// ignored.
    fn take(&mut self, value: Value) {
        let Value::Object(mut fields) = value else { return };
        let is = |fields: &Map<String, Value>, kind: &str| {
            fields.get("type").is_some_and(|found| found == kind)
        };
        if is(&fields, "STATE")
            && let Some(state) = fields.remove("state")
        {
            return self.take(state);
        }
        let name =
            fields.get("stream").and_then(|stream| stream.pointer("/stream_descriptor/name"));
        // GLOBAL and LEGACY states are whole: each replaces the one before.
        let name = match name.and_then(Value::as_str) {
            Some(name) => name.to_owned(),
            None if is(&fields, "GLOBAL") || is(&fields, "LEGACY") => String::new(),
            None => return,
        };
        let place = *self.places.entry(name).or_insert(self.states.len());
        match self.states.get_mut(place) {
            Some(earlier) => *earlier = fields.into(),
            None => self.states.push(fields.into()),
        }
    }

    /// Returns a JSON list with one state per line.
    fn to_json(&self) -> String {
        let states: Vec<_> = self.states.iter().map(Value::to_string).collect();
        if states.is_empty() {
            "[]\n".to_owned()
        } else {
            format!("[\n{}\n]\n", states.join(",\n"))
        }
    }
}

/// Replaces a file in one step, so that it is never incomplete.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let mut new: PathBuf = path.to_owned();
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    new.set_file_name(name);
    let mut file = File::create(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEALS_1: &str = r#"{"stream":{"stream_descriptor":{"name":"deals"},"stream_state":{"at":1}},"type":"STREAM"}"#;
    const DEALS_2: &str = r#"{"stream":{"stream_descriptor":{"name":"deals"},"stream_state":{"at":2}},"type":"STREAM"}"#;
    const FORMS: &str = r#"{"stream":{"stream_descriptor":{"name":"forms"},"stream_state":{"at":3}},"type":"STREAM"}"#;

    fn message(state: &str) -> String {
        format!(r#"{{"type":"STATE","state":{state}}}"#)
    }

    #[test]
    fn the_last_state_of_each_stream_is_kept() {
        let record = r#"{"type":"RECORD","record":{"stream":"deals","data":{"state":"x"}}}"#;
        for (case, files, expected) in [
            ("nothing", vec![String::new()], vec![]),
            ("records alone", vec![format!("{record}\n{record}\n")], vec![]),
            ("a single message", vec![message(DEALS_1)], vec![DEALS_1]),
            (
                "an output",
                vec![format!(
                    "{}\n{record}\n{}\n{}\n",
                    message(DEALS_1),
                    message(FORMS),
                    message(DEALS_2)
                )],
                vec![DEALS_2, FORMS],
            ),
            (
                "a state file, then an output whose last line is cut off",
                vec![
                    format!("[{FORMS},{DEALS_1}]"),
                    format!("{}\n{{\"type\":\"STA", message(DEALS_2)),
                ],
                vec![FORMS, DEALS_2],
            ),
            (
                "an output without states",
                vec![format!("[{FORMS}]"), format!("{record}\n")],
                vec![FORMS],
            ),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let mut states = LastStates::default();
            for (number, text) in files.iter().enumerate() {
                let path = folder.path().join(number.to_string());
                fs::write(&path, text).unwrap();
                states.add("output", &path).expect(case);
            }
            let found: Vec<_> = states.states.iter().map(Value::to_string).collect();
            assert_eq!(found, expected, "{case}");
            let read: Vec<Value> = serde_json::from_str(&states.to_json()).expect(case);
            assert_eq!(read, states.states, "{case}");
        }
    }

    #[test]
    fn a_file_that_is_no_output_is_refused_and_the_state_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (state, output) = (folder.path().join("state.json"), folder.path().join("read.jsonl"));
        fs::write(&state, format!("[{DEALS_1}]")).unwrap();
        let args = StateArgs { files: vec![output.clone()], update: Some(state.clone()) };
        fs::write(&output, "id,name\n1,x\n").unwrap();
        assert!(run(&args).is_err());
        assert_eq!(fs::read_to_string(&state).unwrap(), format!("[{DEALS_1}]"));
        fs::write(&output, format!("{}\n", message(FORMS))).unwrap();
        run(&args).unwrap();
        assert_eq!(fs::read_to_string(&state).unwrap(), format!("[\n{DEALS_1},\n{FORMS}\n]\n"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
