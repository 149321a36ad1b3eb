//! Converts a call or a meeting to a record of its recording.

use serde_json::{Map, Value};

/// Properties with the recording URL of a call, in order of preference.
pub(in crate::streams) const CALL_URLS: &[&str] =
    &["hs_call_recording_url", "hs_call_video_recording_url"];
/// Properties with the recording URL of a meeting.
pub(in crate::streams) const MEETING_URLS: &[&str] = &["hs_meeting_recording_url"];

/// Known extensions of audio and video files.
const ENDINGS: [&str; 7] = ["mp4", "m4a", "mp3", "wav", "webm", "ogg", "mov"];

/// Converts a call to its recording. Drops the record if HubSpot does not host one.
pub(in crate::streams) fn call(fields: &mut Map<String, Value>) {
    transform(fields, "call", "call_id", CALL_URLS);
}

/// Converts a meeting to its recording. Drops the record if HubSpot does not host one.
pub(in crate::streams) fn meeting(fields: &mut Map<String, Value>) {
    transform(fields, "meeting", "meeting_id", MEETING_URLS);
}

fn transform(fields: &mut Map<String, Value>, kind: &str, id_field: &str, urls: &[&str]) {
    let (id, properties) = (fields.remove("id"), fields.remove("properties"));
    let (Some(id), Some(Value::Object(mut properties))) = (id, properties) else {
        fields.clear();
        return;
    };
    let mut urls = urls.iter().filter_map(|name| properties.get(*name)?.as_str());
    let Some(url) = urls.find(|url| !url.is_empty()).filter(|url| is_at_hubspot(url)) else {
        fields.clear();
        return;
    };
    let name = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    fields.insert("file_name".into(), format!("{name}.{}", ending(url)).into());
    fields.insert("recording_url".into(), url.into());
    for field in ["createdAt", "updatedAt"] {
        fields.remove(field);
    }
    for date in ["hs_createdate", "hs_lastmodifieddate"] {
        fields.extend(properties.remove_entry(date));
    }
    fields.insert("object_type".into(), kind.into());
    fields.insert(id_field.into(), id);
}

/// Returns `true` if the URL uses https and a host of HubSpot.
fn is_at_hubspot(url: &str) -> bool {
    let Some(host) = authority(url) else { return false };
    let host = host.split(':').next().unwrap_or_default().to_ascii_lowercase();
    ["hubspot.com", "hubapi.com"].iter().any(|domain| {
        host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

/// Returns the host and port of an https URL without user info.
fn authority(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    (scheme.eq_ignore_ascii_case("https") && !authority.contains('@')).then_some(authority)
}

/// Returns the file extension: the one in the URL if it is known, otherwise `mp4`.
fn ending(url: &str) -> &'static str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    ENDINGS.into_iter().find(|known| known.eq_ignore_ascii_case(ending)).unwrap_or("mp4")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn reshaped(transform: fn(&mut Map<String, Value>), record: Value) -> Value {
        let Value::Object(mut fields) = record else { panic!("an object") };
        transform(&mut fields);
        fields.into()
    }

    #[test]
    fn a_meeting_becomes_its_recording() {
        let meeting = json!({
            "id": "102", "createdAt": "c", "updatedAt": "u", "archived": false,
            "properties": {
                "hs_object_id": "102", "hs_createdate": "2024-03-01T10:00:00.000Z",
                "hs_lastmodifieddate": "2024-03-02T10:00:00.000Z",
                "hs_meeting_recording_url": "https://app.hubspot.com/recordings/102/audio.M4A?x=y",
            },
        });
        assert_eq!(
            reshaped(super::meeting, meeting),
            json!({
                "meeting_id": "102", "object_type": "meeting", "archived": false,
                "recording_url": "https://app.hubspot.com/recordings/102/audio.M4A?x=y",
                "file_name": "102.m4a", "hs_createdate": "2024-03-01T10:00:00.000Z",
                "hs_lastmodifieddate": "2024-03-02T10:00:00.000Z",
            })
        );
    }

    #[test]
    fn sound_comes_before_pictures_and_only_from_hubspot() {
        const SOUND: &str = "https://api.hubapi.com/calling/v1/recordings/201.mp3";
        const PICTURES: &str = "https://api.hubapi.com/recordings/201";
        for (case, sound, pictures, expected) in [
            ("both", json!(SOUND), json!(PICTURES), Some((SOUND, "201.mp3"))),
            ("pictures", Value::Null, json!(PICTURES), Some((PICTURES, "201.mp4"))),
            ("empty text", json!(""), json!(PICTURES), Some((PICTURES, "201.mp4"))),
            ("neither", Value::Null, Value::Null, None),
            ("elsewhere", json!("https://zoom.us/rec/201.mp4"), json!(PICTURES), None),
        ] {
            let properties =
                json!({ "hs_call_recording_url": sound, "hs_call_video_recording_url": pictures });
            let found = reshaped(call, json!({ "id": "201", "properties": properties }));
            let url = found["recording_url"].as_str();
            assert_eq!(url.zip(found["file_name"].as_str()), expected, "{case}");
            if expected.is_none() {
                assert_eq!(found, json!({}), "{case}");
                continue;
            }
            assert_eq!((&found["call_id"], &found["object_type"]), (&json!("201"), &json!("call")));
        }
    }

    #[test]
    fn a_host_is_hubspots_or_not() {
        for (url, expected) in [
            ("https://api.hubapi.com/x", true),
            ("HTTPS://API.HubApi.com:443/x", true),
            ("https://hubspot.com", true),
            ("https://app-eu1.hubspot.com/x?y=https://zoom.us", true),
            ("http://api.hubapi.com/x", false),
            ("https://hubspot.com.evil.example/x", false),
            ("https://nothubspot.com/x", false),
            ("https://hubspot.com@evil.example/x", false),
            ("https://evil.example\\.hubspot.com/x", false),
            ("https://evil.example#.hubspot.com/x", false),
            ("hubspot.com", false),
            ("", false),
        ] {
            assert_eq!(is_at_hubspot(url), expected, "{url}");
        }
    }
}
