//! Modifications that faults make to requests and response bodies.

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use crate::fault::Partial;
use crate::message::Request;

/// Prefix of an opaque next-page token.
const TOKEN_PREFIX: &str = "bmV4dA-";
/// The next-page token of a list that always returns the same one.
const SAME_CURSOR: &str = "c2FtZQ";
/// Mask that hides the number inside an opaque token.
const TOKEN_MASK: u64 = 0x5EED_0FBA_DC0D_E5ED;
const NEXT_PAGE: &[u8] = br#""paging":{"next":{"after":""#;
const LIST_DEFAULT_LIMIT: usize = 10;

/// Replaces an opaque `after` in the query by the number it encodes.
pub(crate) fn resolve_cursor(request: &mut Request) {
    // The constant token leads to the first page, which returned it.
    request.query.retain(|(_, value)| value != SAME_CURSOR);
    for (name, value) in &mut request.query {
        if name == "after"
            && let Some(hidden) = value.strip_prefix(TOKEN_PREFIX)
            && let Ok(masked) = u64::from_str_radix(hidden, 16)
        {
            *value = (masked ^ TOKEN_MASK).to_string();
        }
    }
}

/// Returns the body with text replacements applied in order.
pub(crate) fn replaced(body: &Bytes, texts: &[(String, String)]) -> Bytes {
    let body = String::from_utf8_lossy(body).into_owned();
    texts.iter().fold(body, |body, (from, to)| body.replace(from, to)).into()
}

/// Halves the limit of a request, in the body if it has one there.
pub(crate) fn halve_limit(request: &mut Request) {
    let halved = |limit: usize| (limit / 2).max(1);
    if let Ok(mut body) = serde_json::from_slice::<Value>(&request.body)
        && let Some(limit) = body.get_mut("limit")
    {
        *limit = limit.as_u64().and_then(|limit| usize::try_from(limit).ok()).map(halved).into();
        request.body = body.to_string().into();
        return;
    }
    match request.query.iter_mut().find(|(name, _)| name == "limit") {
        Some((_, value)) => {
            if let Ok(limit) = value.parse() {
                *value = halved(limit).to_string();
            }
        }
        None => request.query.push(("limit".to_owned(), halved(LIST_DEFAULT_LIMIT).to_string())),
    }
}

/// Lowers the limit of a request to at most `max` entries.
pub(crate) fn cap_limit(request: &mut Request, max: usize) {
    if request.method != Method::GET {
        let Ok(mut body) = serde_json::from_slice::<Value>(&request.body) else { return };
        let limit = ["limit", "count"].into_iter().find(|name| body.get(name).is_some());
        if let Some(name) = limit
            && let Some(limit) = body.get_mut(name)
            && limit.as_u64().is_some_and(|limit| limit > max as u64)
        {
            *limit = json!(max);
            request.body = body.to_string().into();
        }
        return;
    }
    match request.query.iter_mut().find(|(name, _)| name == "limit") {
        Some((_, value)) => {
            if value.parse::<usize>().is_ok_and(|limit| limit > max) {
                *value = max.to_string();
            }
        }
        None => request.query.push(("limit".to_owned(), max.to_string())),
    }
}

/// Replaces the number in the next-page token of a list, and in its link, by an opaque token.
pub(crate) fn hide_cursor(body: &Bytes) -> Bytes {
    let Some(start) = body.windows(NEXT_PAGE.len()).rposition(|window| window == NEXT_PAGE) else {
        return body.clone();
    };
    let (records, paging) = body.split_at(start);
    let digits: String = paging
        .iter()
        .skip(NEXT_PAGE.len())
        .take_while(|byte| byte.is_ascii_digit())
        .map(|byte| char::from(*byte))
        .collect();
    // Nested paging inside the last record is followed by the closing bracket of `results`.
    let Ok(number) = digits.parse::<u64>() else { return body.clone() };
    if paging.contains(&b']') {
        return body.clone();
    }
    let token = format!("{TOKEN_PREFIX}{:x}", number ^ TOKEN_MASK);
    let paging = String::from_utf8_lossy(paging)
        .replace(&format!(r#""after":"{digits}""#), &format!(r#""after":"{token}""#))
        .replace(&format!("after={digits}"), &format!("after={token}"));
    let mut rewritten = records.to_vec();
    rewritten.extend_from_slice(paging.as_bytes());
    rewritten.into()
}

/// Empties a search page and makes the next page start at its first hit. The last page and other
/// bodies are returned unchanged.
pub(crate) fn emptied(body: &Bytes) -> Bytes {
    let Ok(mut page) = serde_json::from_slice::<Value>(body) else { return body.clone() };
    let hits = page.get("results").and_then(Value::as_array).map(Vec::len);
    let is_search = page.get("total").is_some();
    if let (true, Some(hits), Some(after)) =
        (is_search, hits, page.pointer_mut("/paging/next/after"))
        && let Some(end) = after.as_str().and_then(|after| after.parse::<usize>().ok())
    {
        *after = json!(end.saturating_sub(hits).to_string());
        if let Some(results) = page.get_mut("results") {
            *results = json!([]);
        }
    }
    page.to_string().into()
}

/// Reverses the order of a page's records.
pub(crate) fn turned(body: &Bytes) -> Bytes {
    let Ok(mut page) = serde_json::from_slice::<Value>(body) else { return body.clone() };
    if let Some(results) = page.get_mut("results").and_then(Value::as_array_mut) {
        results.reverse();
    }
    page.to_string().into()
}

/// Returns the number of records that a request asks for, by its limit or its inputs.
pub(crate) fn asked(request: &Request) -> Option<usize> {
    let body: Option<Value> = serde_json::from_slice(&request.body).ok();
    let inputs = body.as_ref().and_then(|body| body.get("inputs")?.as_array());
    if let Some(inputs) = inputs {
        return Some(inputs.len());
    }
    let named = |name: &str| {
        let query = request.query.iter().find(|(key, _)| key == name).map(|(_, value)| value);
        let number = body.as_ref().and_then(|body| body.get(name)?.as_u64());
        query.and_then(|text| text.parse().ok()).or(number)
    };
    ["limit", "count"].into_iter().find_map(named).and_then(|count| usize::try_from(count).ok())
}

/// Removes some results from the response to a batch read.
pub(crate) fn partial(body: &Bytes, how: Partial) -> Bytes {
    edited(body, |answer| {
        let results = answer.get_mut("results").and_then(Value::as_array_mut);
        let lost = results.and_then(|results| {
            if how == Partial::Pending {
                results.clear();
            }
            results.pop()
        });
        let id = lost.and_then(|lost| {
            let own = lost.get("id").or_else(|| lost.pointer("/from/id"))?;
            Some(own.clone())
        });
        match how {
            Partial::Pending => answer["status"] = json!("PENDING"),
            Partial::Processing => answer["status"] = json!("PROCESSING"),
            Partial::CountedError => {
                answer["numErrors"] = json!(1);
                answer["errors"] = json!([]);
            }
            Partial::FailedInput => {
                answer["numErrors"] = json!(1);
                answer["errors"] = json!([{
                    "status": "error", "category": "RATE_LIMITS", "message": "Too many reads",
                    "context": { "ids": [id] },
                }]);
            }
            Partial::LeftOut => {}
        }
    })
}

/// Removes the first hit of a search page that is not the last.
pub(crate) fn without_first_hit(body: &Bytes) -> Bytes {
    edited(body, |page| {
        let is_search = page.get("total").is_some() && page.pointer("/paging/next").is_some();
        if let (true, Some(hits)) =
            (is_search, page.get_mut("results").and_then(Value::as_array_mut))
            && hits.len() > 1
        {
            hits.remove(0);
        }
    })
}

/// Removes the offset of the next page from a list page.
pub(crate) fn without_offset(body: &Bytes) -> Bytes {
    edited(body, |page| {
        if let (Some(Value::Bool(true)), Some(fields)) =
            (page.get("hasMore").cloned(), page.as_object_mut())
        {
            fields.remove("offset");
        }
    })
}

/// Replaces the next-page tokens of a page by a constant.
pub(crate) fn same_cursor(body: &Bytes) -> Bytes {
    edited(body, |page| {
        if let Some(after) = page.pointer_mut("/paging/next/after") {
            *after = json!(SAME_CURSOR);
        }
        if page.get("hasMore") == Some(&json!(true)) {
            page["offset"] = json!(SAME_CURSOR);
        }
        for result in page.get_mut("results").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(after) = result.pointer_mut("/paging/next/after") {
                *after = json!("MQ");
            }
        }
    })
}

fn edited(body: &Bytes, edit: impl FnOnce(&mut Value)) -> Bytes {
    let Ok(mut answer) = serde_json::from_slice::<Value>(body) else { return body.clone() };
    if answer.is_object() {
        edit(&mut answer);
    }
    answer.to_string().into()
}

/// Formats the JSON with an indentation of two spaces and a line feed after every value.
pub(crate) fn pretty(body: &Bytes) -> Bytes {
    let mut out = Vec::with_capacity(body.len() * 2);
    let mut depth = 0_usize;
    let mut in_text = false;
    let mut escaped = false;
    let mut opened = false;
    for &byte in body {
        if in_text {
            out.push(byte);
            in_text = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        if byte.is_ascii_whitespace() {
            continue;
        }
        let closes = matches!(byte, b'}' | b']');
        if closes {
            depth = depth.saturating_sub(1);
        }
        if opened != closes {
            break_line(&mut out, depth);
        }
        opened = false;
        out.push(byte);
        match byte {
            b'{' | b'[' => {
                depth += 1;
                opened = true;
            }
            b',' => break_line(&mut out, depth),
            b':' => out.push(b' '),
            b'"' => in_text = true,
            _ => {}
        }
    }
    out.push(b'\n');
    out.into()
}

fn break_line(out: &mut Vec<u8>, depth: usize) {
    out.push(b'\n');
    out.resize(out.len() + depth * 2, b' ');
}

/// Returns a body that starts like a list but is not valid JSON.
pub(crate) fn garbage() -> Bytes {
    Bytes::from_static(b"{\"results\":[{\"id\":\"7\x00<!doctype html><title>Oops</title>")
}

/// Returns the first `bytes` bytes of a body, by default half of it.
pub(crate) fn truncated(body: &Bytes, bytes: Option<usize>) -> Bytes {
    body.slice(..bytes.unwrap_or(body.len() / 2).min(body.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(query: &[(&str, &str)]) -> Request {
        Request {
            method: Method::GET,
            path: "/crm/v3/objects/contacts".to_owned(),
            query: query.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            body: Bytes::new(),
            now_ms: 0,
        }
    }

    #[test]
    fn hidden_cursors_lead_back_to_their_number() {
        let body = Bytes::from_static(
            br#"{"results":[{"id":"5"}],"paging":{"next":{"after":"6","link":"x?after=6"}}}"#,
        );
        let hidden = hide_cursor(&body);
        let json: serde_json::Value = serde_json::from_slice(&hidden).unwrap();
        let after = json.pointer("/paging/next/after").unwrap().as_str().unwrap();
        assert!(after.parse::<u64>().is_err());
        assert_eq!(json.pointer("/paging/next/link").unwrap(), &format!("x?after={after}"));
        let mut request = request(&[("after", after)]);
        resolve_cursor(&mut request);
        assert_eq!(request.query("after"), Some("6"));
    }

    #[test]
    fn bodies_without_a_next_page_stay_as_they_are() {
        for body in [
            r#"{"results":[]}"#,
            r#"{"results":[{"associations":{"companies":{"paging":{"next":{"after":"6"}}}}}]}"#,
            r#"{"results":[],"paging":{"next":{"after":"MTAw"}}}"#,
        ] {
            assert_eq!(hide_cursor(&Bytes::from_static(body.as_bytes())), body.as_bytes());
        }
    }

    #[test]
    fn limits_are_capped_and_never_raised() {
        for (query, expected) in
            [(vec![("limit", "100")], "3"), (vec![("limit", "2")], "2"), (vec![], "3")]
        {
            let mut request = request(&query);
            cap_limit(&mut request, 3);
            assert_eq!(request.query("limit"), Some(expected), "{query:?}");
        }
    }

    #[test]
    fn limits_are_halved_but_never_to_nothing() {
        for (query, expected) in
            [(vec![("limit", "100")], "50"), (vec![("limit", "1")], "1"), (vec![], "5")]
        {
            let mut request = request(&query);
            halve_limit(&mut request);
            assert_eq!(request.query("limit"), Some(expected), "{query:?}");
        }
        let body = Bytes::from_static(br#"{"limit":200}"#);
        let mut request = Request { body, ..request(&[]) };
        halve_limit(&mut request);
        assert_eq!((&request.body[..], request.query.len()), (&br#"{"limit":100}"#[..], 0));
    }

    #[test]
    fn an_emptied_page_begins_again_where_it_began() {
        for (body, expected) in [
            (
                r#"{"paging":{"next":{"after":"202"}},"results":[{"id":"5"},{"id":"6"}],"total":300}"#,
                r#"{"paging":{"next":{"after":"200"}},"results":[],"total":300}"#,
            ),
            (r#"{"results":[{"id":"5"}],"total":1}"#, r#"{"results":[{"id":"5"}],"total":1}"#),
            (
                r#"{"paging":{"next":{"after":"6"}},"results":[{"id":"5"}]}"#,
                r#"{"paging":{"next":{"after":"6"}},"results":[{"id":"5"}]}"#,
            ),
        ] {
            assert_eq!(emptied(&Bytes::from_static(body.as_bytes())), expected.as_bytes());
        }
    }

    #[test]
    fn a_turned_page_has_the_same_records_and_link() {
        let body = r#"{"paging":{"next":{"after":"7"}},"results":[{"id":"5"},{"id":"6"}]}"#;
        let expected = r#"{"paging":{"next":{"after":"7"}},"results":[{"id":"6"},{"id":"5"}]}"#;
        assert_eq!(turned(&Bytes::from_static(body.as_bytes())), expected.as_bytes());
    }

    #[test]
    fn pretty_printing_changes_nothing_but_layout() {
        let body = r#"{"a":[1,{"b":"x,\"{\\"}],"c":{},"d":[],"e":1.10}"#;
        let printed = pretty(&Bytes::from_static(body.as_bytes()));
        let text = String::from_utf8(printed.to_vec()).unwrap();
        let expected = "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x,\\\"{\\\\\"\n    }\n  ],\n  \
                        \"c\": {},\n  \"d\": [],\n  \"e\": 1.10\n}\n";
        assert_eq!(text, expected);
    }
}
