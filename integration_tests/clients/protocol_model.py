"""Airbyte's own model of the protocol parses every line of every command, and knows every key."""

from __future__ import annotations

import json
from typing import Any

from airbyte_protocol.models import AirbyteMessage, AirbyteStateMessage, ConfiguredAirbyteCatalog
from portal import SMALL, Findings, Portal, changes
from pydantic import BaseModel

from protocol import CONNECTOR, Json, Output, configured, run


def unknown_keys(model: Any, value: Any, path: str = "") -> list[str]:
    """Keys of the JSON that the model does not declare, and would pass over silently."""
    if isinstance(value, list):
        parts = model if isinstance(model, list) else [None] * len(value)
        pairs = zip(parts, value, strict=False)
        return [key for part, item in pairs for key in unknown_keys(part, item, path)]
    if not isinstance(model, BaseModel) or not isinstance(value, dict):
        return []
    known = {field.alias or name: name for name, field in type(model).model_fields.items()}
    unknown = [f"{path}.{key}" for key in value if key not in known]
    for key in value.keys() & known.keys():
        unknown += unknown_keys(getattr(model, known[key]), value[key], f"{path}.{key}")
    return unknown


# Keys that the platform knows and this release of the model does not yet.
NEWER = (".oauth_connector_input_specification.scopes", ".optional_scopes")


def parse(output: Output, command: str, findings: Findings) -> None:
    for line in output.lines:
        value = json.loads(line)
        try:
            message = AirbyteMessage.model_validate_json(line)
        except ValueError as error:
            findings.check(False, f"{command}: {line[:200]}: {error}")
            continue
        # Of a state, everything below `stream_state` is ours.
        unknown = [key for key in unknown_keys(message, value) if ".stream_state." not in key]
        unknown = [key for key in unknown if not key.endswith(NEWER)]
        findings.check(not unknown, f"{command}: {value['type']} has {unknown}")


def wrong(config: Json) -> Json:
    return {**config, "credentials": {**config["credentials"], "access_token": "pat-none"}}


def main() -> None:
    findings = Findings()
    with Portal(*SMALL) as portal:
        config = portal.config
        discovered = run("discover", config=config)
        streams = discovered.of_type("CATALOG")[0]["streams"]
        catalog = configured(streams)
        ConfiguredAirbyteCatalog.model_validate(catalog)
        first = run("read", config=config, catalog=catalog)
        portal.change(*changes())
        second = run("read", config=config, catalog=catalog, state=first.state)
        for state in second.state:
            AirbyteStateMessage.model_validate(state)
        refused = {"streams": [{**catalog["streams"][0], "sync_mode": "INVALID"}]}
        outputs = {
            "spec": run("spec"),
            "check": run("check", config=config),
            "check with a wrong token": run("check", config=wrong(config)),
            "discover": discovered,
            "discover with a wrong token": run("discover", config=wrong(config)),
            "read": first,
            "read on": second,
            "read with --debug": run(
                "read", connector=[CONNECTOR, "--debug"], config=config, catalog=catalog
            ),
            "read with a wrong catalog": run("read", config=config, catalog=refused),
        }
    for command, output in outputs.items():
        parse(output, command, findings)
        fails = "wrong" in command and not command.startswith("check")
        findings.check(bool(output.code) == fails, f"{command}: exit code {output.code}")
        findings.check(bool(output.errors()) == fails, f"{command}: {output.errors()}")
    lines = sum(len(output.lines) for output in outputs.values())
    kinds = {message["type"] for output in outputs.values() for message in output.messages}
    findings.end(f"protocol model: {lines} lines of {len(outputs)} runs, types {sorted(kinds)}")


if __name__ == "__main__":
    main()
