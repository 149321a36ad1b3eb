"""Reads one HubSpot account with two connectors and says where they differ, stream by stream.

    python integration_tests/clients/compare.py --config config.json \\
        --ours target/release/source-hubspot --theirs "python -m source_hubspot"

Each difference goes by the number it has in docs/differences.md, or is unexplained, and then the
exit code is 1. `--theirs` is any command that speaks Airbyte's protocol, for instance
`docker run --rm -i -v /tmp:/tmp airbyte/source-hubspot:6.12.0`. Nothing is written to HubSpot.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from explanations import ABSENT, explain, explain_record

from protocol import Json, Output, configured, key_of, run


@dataclass
class Difference:
    """How often a column differs in one way, and the first time that it did."""

    times: int = 0
    example: str = ""


@dataclass
class Stream:
    """What two reads of one stream have in common, and what not."""

    name: str
    ours: int = 0
    theirs: int = 0
    equal: int = 0
    # By number of docs/differences.md; "" if nothing explains it.
    explained: dict[str, Difference] = field(default_factory=lambda: defaultdict(Difference))
    unexplained: dict[str, Difference] = field(default_factory=lambda: defaultdict(Difference))

    def add(self, reason: str | None, what: str, example: str) -> None:
        difference = self.explained[reason] if reason else self.unexplained[what]
        difference.times += 1
        difference.example = difference.example or f"{what}: {example}"


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Every value inside a record, by its path; lists are values."""
    if isinstance(value, dict) and value:
        inner = (leaves(item, f"{path}.{key}" if path else key) for key, item in value.items())
        return {key: leaf for part in inner for key, leaf in part.items()}
    return {path: value}


def by_key(stream: Json, records: Iterable[Json]) -> dict[tuple[str, ...], Json]:
    """Records by key. Of some that share one, each has a number, in the order of their values."""
    grouped: dict[tuple[str, ...], list[Json]] = defaultdict(list)
    for record in records:
        grouped[key_of(stream, record)].append(record)
    found = {}
    for key, group in grouped.items():
        ordered = sorted(group, key=lambda record: str(record.get("value")))
        found.update({(*key, str(number)): record for number, record in enumerate(ordered)})
    return found


def compare(stream: Json, ours: list[Json], theirs: list[Json]) -> Stream:
    """Compares the records that two connectors read of one stream."""
    result = Stream(stream["name"], len(ours), len(theirs))
    declared = set(stream["json_schema"]["properties"])
    mine, other = by_key(stream, ours), by_key(stream, theirs)
    for key in mine.keys() - other.keys():
        reason = explain_record(result.name, mine[key], only_ours=True)
        result.add(reason, "a record only here", json.dumps(mine[key])[:160])
    for key in other.keys() - mine.keys():
        reason = explain_record(result.name, other[key], only_ours=False)
        result.add(reason, "a record only there", json.dumps(other[key])[:160])
    for key in mine.keys() & other.keys():
        here, there = leaves(mine[key]), leaves(other[key])
        paths = [
            path
            for path in here.keys() | there.keys()
            if not same(here.get(path, ABSENT), there.get(path, ABSENT))
        ]
        result.equal += not paths
        for path in paths:
            values = here.get(path, ABSENT), there.get(path, ABSENT)
            reason = explain(result.name, path, *values, declared)
            result.add(reason, path, f"{values[0]!r} here, {values[1]!r} there"[:160])
    return result


def same(here: Any, there: Any) -> bool:
    """Equal, and of one type: true is not 1. Whole floats are numbers like others."""
    if isinstance(here, bool) != isinstance(there, bool):
        return False
    return bool(here == there)


def table(results: Iterable[Stream]) -> str:
    lines = ["| stream | here | there | equal | explained | unexplained |", "|" + " --- |" * 6]
    for result in results:
        known = ", ".join(f"{why} ×{seen.times}" for why, seen in sorted(result.explained.items()))
        unknown = sum(seen.times for seen in result.unexplained.values())
        counts = f"{result.ours} | {result.theirs} | {result.equal}"
        lines.append(f"| `{result.name}` | {counts} | {known or '–'} | {unknown or '–'} |")
    return "\n".join(lines)


def catalogs(ours: list[str], theirs: list[str], config: Json) -> tuple[list[Json], list[Json]]:
    """The streams that both offer, in one order."""
    both = []
    for command in (ours, theirs):
        discovered = run("discover", connector=command, config=config)
        if not discovered.of_type("CATALOG"):
            raise SystemExit(f"{shlex.join(command)} discover: {discovered.errors()}")
        streams = discovered.of_type("CATALOG")[0]["streams"]
        both.append({stream["name"]: stream for stream in streams})
    names = sorted(both[0].keys() & both[1].keys())
    return [both[0][name] for name in names], [both[1][name] for name in names]


def read_both(
    commands: list[list[str]], config: Json, streams: list[list[Json]], states: list[Any]
) -> list[Output]:
    outputs = []
    for command, selected, state in zip(commands, streams, states, strict=True):
        given = {"state": state} if state else {}
        outputs.append(
            run("read", connector=command, config=config, catalog=configured(selected), **given)
        )
    return outputs


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ours", required=True, help="command of this connector")
    parser.add_argument("--theirs", required=True, help="command of the other one")
    parser.add_argument("--config", required=True, type=Path, help="JSON file, the same for both")
    parser.add_argument("--streams", help="names, parted by commas; all that both have if left out")
    parser.add_argument("--state", type=Path, help="JSON file with states to go on from")
    arguments = parser.parse_args()
    config = json.loads(arguments.config.read_text())
    commands = [shlex.split(arguments.ours), shlex.split(arguments.theirs)]
    streams = list(catalogs(*commands, config))
    if arguments.streams:
        wanted = arguments.streams.split(",")
        streams = [[one for one in part if one["name"] in wanted] for part in streams]
    state = json.loads(arguments.state.read_text()) if arguments.state else None
    ours, theirs = read_both(commands, config, streams, [state, state])
    names = [stream["name"] for stream in streams[0]]
    results = [
        compare(stream, ours.records[name], theirs.records[name])
        for name, stream in zip(names, streams[0], strict=True)
    ]
    print(table(results))
    unexplained = [
        f"{result.name}: {difference.example} (×{difference.times})"
        for result in results
        for difference in result.unexplained.values()
    ]
    for errors, who in ((ours.errors(), "here"), (theirs.errors(), "there")):
        unexplained += [f"an error {who}: {error}" for error in errors]
    print("\n".join(["", *unexplained]) if unexplained else "\nEverything is explained.")
    raise SystemExit(bool(unexplained))


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    main()
