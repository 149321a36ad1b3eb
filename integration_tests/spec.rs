//! The specification: Airbyte's rules, and compatibility with configurations of the Python
//! connector.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use source_hubspot::config::{Config, SPEC};
use source_hubspot::streams::STREAMS;

use crate::support::spec_rules::objections;

fn spec() -> Value {
    serde_json::from_str(SPEC).expect("JSON")
}

#[test]
fn airbyte_has_nothing_to_object_to() {
    assert_eq!(objections(&spec()), Vec::<String>::new());
}

/// Returns changes that violate a rule: path, key, new value, and the expected objection.
#[expect(clippy::too_many_lines, reason = "a table")]
fn breaches() -> Vec<(&'static str, &'static str, Value, &'static str)> {
    vec![
        ("", "$schema", json!("draft"), "it is no draft 7"),
        ("", "additionalProperties", json!(false), ": refuses other keys"),
        ("/properties/num_worker", "group", json!("x"), "/num_worker: is in no group"),
        (
            "/properties/record_ids/items/properties/ids",
            "group",
            json!("selection"),
            "/record_ids/items/ids: is displayed in a way that is not known everywhere",
        ),
        ("/groups/0", "title", json!(7), "the group \"connection\" has no title or no property"),
        ("", "required", json!(["secret"]), ": requires \"secret\", which is no property"),
        ("/properties/num_worker", "order", json!(0), ": two properties have one order"),
        (
            "/properties/num_worker",
            "type",
            json!(["string", "integer"]),
            "/num_worker: is not of one type",
        ),
        (
            "/properties/num_worker",
            "title",
            json!(1),
            "/num_worker: lacks a title or a description",
        ),
        ("/properties/num_worker", "anyOf", json!([]), "/num_worker: has anyOf"),
        (
            "/properties/num_worker",
            "airbyte_secret",
            json!("true"),
            "/num_worker: is marked by something else than a boolean",
        ),
        (
            "/properties/num_worker",
            "display_type",
            json!("radio"),
            "/num_worker: is displayed in a way that is not known everywhere",
        ),
        (
            "/properties/record_ids/items/properties/ids",
            "items",
            json!({}),
            "/record_ids/items/ids/items: is not of one type",
        ),
        (
            "/properties/record_ids",
            "airbyte_secret",
            json!(true),
            "/record_ids: cannot be a secret",
        ),
        (
            "/properties/record_ids/items",
            "properties",
            json!({}),
            "/record_ids/items: an object without properties; /record_ids/items: requires \"object\", \
             which is no property; /record_ids/items: requires \"ids\", which is no property",
        ),
        (
            "/properties/record_filters/items/properties/operator",
            "enum",
            json!(["EQ", "EQ"]),
            "/record_filters/items/operator: lists an option twice",
        ),
        ("/properties/start_date", "pattern", json!("^[0-9]{4}-"), ""),
        (
            "/properties/daily_share",
            "pattern",
            json!("^[0-9]{4}-"),
            "/daily_share: is a date without a format",
        ),
        (
            "/properties/credentials/oneOf/1/properties/access_token",
            "airbyte_secret",
            json!(null),
            "/credentials/1/access_token: is marked by something else than a boolean",
        ),
        (
            "/properties/credentials/oneOf/1/properties",
            "token",
            json!({"type":"string","title":"","description":""}),
            "/credentials/1/token: is a secret and not marked",
        ),
        (
            "/properties/credentials/oneOf/1/properties",
            "credentials_title",
            json!({"type":"string","title":"","description":""}),
            "/credentials: its options have 0 constants in common",
        ),
        (
            "/properties/credentials/oneOf/1/properties/credentials_title",
            "enum",
            json!(["a"]),
            "/credentials/1: credentials_title is not its constant",
        ),
        (
            "/properties/credentials/oneOf/1",
            "required",
            json!([]),
            "/credentials/1: credentials_title is not required",
        ),
        (
            "/properties/credentials/oneOf/0/properties/credentials_title",
            "const",
            json!("x"),
            "the first option is not the one that the predicate names",
        ),
    ]
}

#[test]
fn whatever_breaks_a_rule_is_found() {
    for (pointer, key, value, expected) in breaches() {
        let mut spec = spec();
        let place = spec["connectionSpecification"].pointer_mut(pointer).expect(pointer);
        place[key] = value;
        let found = objections(&spec);
        assert_eq!(found.join("; "), expected, "{pointer} {key}");
    }
    let mut spec = spec();
    let output = "/advanced_auth/oauth_config_specification/complete_oauth_output_specification";
    spec.pointer_mut(output).expect("a block")["properties"]["refresh_token"]["path_in_connector_config"] =
        json!(["credentials", "token"]);
    assert_eq!(
        objections(&spec),
        ["refresh_token leads to [\"credentials\",\"token\"], which is not there"]
    );
}

#[test]
fn the_form_is_the_one_that_users_know() {
    let spec = spec();
    let properties = spec["connectionSpecification"]["properties"].as_object().expect("keys");
    let shown = |name: &str| {
        let schema = &properties[name];
        let value =
            |key: &str| schema.get(key).map(|value| format!(" {key}={value}")).unwrap_or_default();
        let title = schema["title"].as_str().unwrap_or_default();
        let bounds: String = ["default", "minimum", "maximum"].map(value).concat();
        format!("{}: {title}{bounds}", schema["type"].as_str().unwrap_or_default())
    };
    let known = [
        ("credentials", "object: Authentication"),
        ("start_date", "string: Start date"),
        (
            "lookback_window",
            "integer: CRM Search Lookback Window (minutes) default=0 minimum=0 maximum=576000",
        ),
        (
            "property_history_lookback_window",
            "integer: Property History Lookback Window (minutes) default=0 minimum=0 maximum=576000",
        ),
        ("deals_property_history_properties", "array: Deals Property History Properties"),
        ("contacts_property_history_properties", "array: Contacts Property History Properties"),
        ("companies_property_history_properties", "array: Companies Property History Properties"),
        ("enable_experimental_streams", "boolean: Enable experimental streams default=false"),
        (
            "treat_numbers_and_booleans_as_strings",
            "boolean: Treat dynamic number and boolean properties as strings default=false",
        ),
        ("num_worker", "integer: Number of concurrent threads minimum=1 maximum=40"),
        ("association_streams", "array: Association Between Objects Streams"),
        ("custom_object_association_streams", "array: Custom Object Association Streams"),
    ];
    for (name, expected) in known {
        assert_eq!(shown(name), expected);
    }
    let own = properties.keys().filter(|name| known.iter().all(|(known, _)| known != name));
    assert_eq!(own.count(), 6);
    // The form begins with the credentials, and each group is in one piece.
    let mut in_order: Vec<_> = properties.iter().collect();
    in_order.sort_by_key(|(_, schema)| schema["order"].as_u64());
    let orders: Vec<_> =
        in_order.iter().filter_map(|(_, schema)| schema["order"].as_u64()).collect();
    assert_eq!(orders, (0..properties.len() as u64).collect::<Vec<_>>());
    assert_eq!(in_order[0].0, "credentials");
    let mut groups: Vec<_> = in_order.iter().map(|(_, schema)| &schema["group"]).collect();
    groups.dedup();
    let declared = spec["connectionSpecification"]["groups"].as_array().expect("groups");
    assert_eq!(groups, declared.iter().map(|group| &group["id"]).collect::<Vec<_>>());
    assert_eq!(spec["connectionSpecification"]["required"], json!(["credentials"]));
    assert_eq!(spec["connectionSpecification"]["additionalProperties"], true);
    let variants = properties["credentials"]["oneOf"].as_array().expect("options");
    let titles: Vec<_> = variants
        .iter()
        .map(|variant| (&variant["title"], &variant["properties"]["credentials_title"]["const"]))
        .collect();
    assert_eq!(
        json!(titles),
        json!([
            ["OAuth", "OAuth Credentials"],
            ["Service key or private app", "Private App Credentials"]
        ])
    );
    // A description is read alone.
    let text = spec.to_string();
    assert!(!text.contains("\"description\":\"The same"), "a description refers to another");
}

#[test]
fn signing_in_asks_for_every_scope_that_a_stream_takes() {
    let spec = spec();
    let input =
        &spec["advanced_auth"]["oauth_config_specification"]["oauth_connector_input_specification"];
    let scopes = |key: &str| -> Vec<String> {
        let scopes = input[key].as_array().expect(key).iter();
        scopes.map(|scope| scope["scope"].as_str().expect("a scope").to_owned()).collect()
    };
    let asked = [scopes("scopes"), scopes("optional_scopes")].concat();
    let distinct: BTreeSet<_> = asked.iter().map(String::as_str).collect();
    assert_eq!(distinct.len(), asked.len(), "each once");
    let needed: BTreeSet<_> =
        STREAMS.iter().flat_map(|row| row.scopes.all.iter().copied()).collect();
    let missing: Vec<_> = needed.difference(&distinct).collect();
    assert_eq!(missing, Vec::<&&str>::new());
    for scope in ["crm.objects.custom.read", "crm.schemas.custom.read"] {
        assert!(distinct.contains(scope), "{scope}");
    }
    assert_eq!(input["extract_output"], json!(["refresh_token"]));
}

#[test]
fn every_key_of_the_python_connector_is_taken_as_it_was_entered() {
    let config = json!({
        "start_date": "2006-06-01T00:00:00Z",
        "lookback_window": 60,
        "property_history_lookback_window": 43_200,
        "deals_property_history_properties": ["dealstage"],
        "contacts_property_history_properties": ["lifecyclestage"],
        "companies_property_history_properties": [],
        "credentials": { "credentials_title": "OAuth Credentials", "client_id": "1", "client_secret": "2",
            "refresh_token": "3", "access_token": "of no use", "scopes": [] },
        "enable_experimental_streams": true,
        "treat_numbers_and_booleans_as_strings": true,
        "num_worker": 3,
        "association_streams": [{ "from_object": "goals", "to_object": "payments", "stream_name": "x" }],
        "custom_object_association_streams": [{ "from_object": "p_boats", "to_object": "2-12345" }],
        "prefix_colliding_custom_objects": true,
        "__injected_declarative_manifest": {},
        "of_another_version": [1],
    });
    let parsed = Config::parse(&config.to_string()).expect("it fits");
    assert_eq!(
        parsed.warnings,
        ["`of_another_version` is not a key of the configuration and is ignored"],
        "no other key is unknown"
    );
    for (date, fits) in [
        ("2006-06-01", true),
        ("2006-06-01T00:00:00.123Z", true),
        ("", true),
        ("20060601", true),
        ("2006-W22-4", true),
        ("last year", false),
    ] {
        let mut config = config.clone();
        config["start_date"] = json!(date);
        assert_eq!(Config::parse(&config.to_string()).is_ok(), fits, "{date}");
    }
}
