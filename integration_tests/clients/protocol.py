"""A connector's commands, and what they print."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = dict[str, Any]

CONNECTOR = os.environ.get("SOURCE_HUBSPOT", "source-hubspot")


@dataclass
class Output:
    """What a command of a connector printed."""

    code: int
    lines: list[str]
    messages: list[Json]
    records: dict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))
    states: dict[str, Json] = field(default_factory=dict)

    def of_type(self, kind: str) -> list[Json]:
        return [message[kind_key(kind)] for message in self.messages if message["type"] == kind]

    def errors(self) -> list[str]:
        return [t["error"]["message"] for t in self.of_type("TRACE") if t["type"] == "ERROR"]

    @property
    def state(self) -> list[Json]:
        """The last state of every stream, as it is given to the next read."""
        return list(self.states.values())


def kind_key(kind: str) -> str:
    return "connectionStatus" if kind == "CONNECTION_STATUS" else kind.lower()


def run(command: str, *, connector: Iterable[str] = (CONNECTOR,), **inputs: Any) -> Output:
    """Runs one command of a connector, each input being JSON that becomes a file."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = [*connector, command]
        for name, value in inputs.items():
            file = Path(folder, f"{name}.json")
            file.write_text(json.dumps(value))
            arguments += [f"--{name}", str(file)]
        done = subprocess.run(arguments, capture_output=True, check=False)
    return parse(done.returncode, done.stdout)


def parse(code: int, stdout: bytes) -> Output:
    """What a command that ended with `code` has printed."""
    lines = [line for line in stdout.decode().split("\n") if line]
    output = Output(code, lines, [json.loads(line) for line in lines])
    for message in output.messages:
        if message["type"] == "RECORD":
            record = message["record"]
            output.records[record["stream"]].append(record["data"])
        elif message["type"] == "STATE":
            state = message["state"]
            output.states[state["stream"]["stream_descriptor"]["name"]] = state
    return output


def configured(streams: Iterable[Json], mode: str = "incremental") -> Json:
    """A catalog of all these streams, in `mode` where they can."""
    return {
        "streams": [
            {
                "stream": stream,
                "sync_mode": mode if mode in stream["supported_sync_modes"] else "full_refresh",
                "destination_sync_mode": "append",
                "cursor_field": stream.get("default_cursor_field", []),
                "primary_key": stream.get("source_defined_primary_key", []),
            }
            for stream in streams
        ]
    }


def key_of(stream: Json, record: Json) -> tuple[str, ...]:
    """The primary key of a record; the whole record for a stream without one."""
    paths = stream.get("source_defined_primary_key") or []
    if not paths:
        return (json.dumps(record, sort_keys=True),)
    return tuple(str(record.get(path[0])) for path in paths)
