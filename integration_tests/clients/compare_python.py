"""This connector and Airbyte's Python connector 5.7.0 on one portal: records, values, states.

Both read everything, both go on from their own state after changes, and each goes on from the
other's. The Python connector knows HubSpot's classic paths only, so this one is told to use them.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path

from compare import Stream, catalogs, compare, table
from portal import Findings, Portal, changes

from protocol import CONNECTOR, Json, Output, configured, key_of, run

OURS = [CONNECTOR]
THEIRS = [sys.executable, str(Path(__file__).parent / "python_connector.py")]
# Generated properties of types that 5.7.0 does not know would end its discovery: Q23.
PORTAL = (
    "--properties=0 --contacts=120 --companies=60 --deals=80 --tickets=40 --owners=5"
    " --other=all=4 --other=calls=30 --other=meetings=30 --other=line_items=25"
    " --custom=boats=9 --custom=harbours=9 --archived-share=0.1"
    " --lists=4 --largest-list=40 --forms=4 --form-submissions=5 --busiest-form=60"
    " --marketing-campaigns=3 --email-campaigns=4 --email-events=120"
    " --subscription-changes=40 --events=400"
).split()


def is_compared(stream: str) -> bool:
    """All streams but one whose endpoint is gone (Q15) and most web analytics, which take 5.7.0 two
    requests a record and month (Q05)."""
    if stream.endswith("_web_analytics"):
        return stream == "goals_web_analytics"
    return stream != "marketing_emails"


def read(
    command: list[str], portal: Portal, streams: list[Json], state: list[Json] | None = None
) -> Output:
    given = {"state": state} if state else {}
    output = run(
        "read", connector=command, config=portal.config, catalog=configured(streams), **given
    )
    if output.code:
        raise SystemExit(f"FAILED: {command} read ends with {output.code}: {output.errors()}")
    return output


def instant_ms(text: str) -> int:
    """An instant in either of the forms of a cursor."""
    if text.isdigit():
        return int(text)
    return int(datetime.fromisoformat(text).timestamp() * 1_000)


def position(state: Json) -> int | None:
    """The cursor that a state of one stream has, in milliseconds."""
    claim = state["stream"]["stream_state"]
    claim = claim.get("state", claim)
    texts = (value for value in claim.values() if isinstance(value, str) and value)
    return next((instant_ms(text) for text in texts), None)


def end(state: Json) -> int:
    """What a finished read of ours has come to, in milliseconds."""
    return instant_ms(state["stream"]["stream_state"]["source_hubspot"]["end"])


def check_states(ours: Output, theirs: Output, findings: Findings) -> int:
    """One shape. What ours has come to is no earlier than the last value seen (Q32), and its cursor
    an hour before that, so that who goes back finds what is shown late (Q57)."""
    compared = 0
    for name, state in theirs.states.items():
        mine = ours.states.get(name)
        if mine is None:
            findings.check(False, f"{name}: no state")
            continue
        if name.endswith("_web_analytics"):
            continue  # Q05: by record there, one for all here.
        keys, other = (
            set(one["stream"]["stream_state"]) - {"source_hubspot"} for one in (mine, state)
        )
        findings.check(keys == other, f"{name}: the state has {sorted(keys)}, not {sorted(other)}")
        if "source_hubspot" not in mine["stream"]["stream_state"]:
            compared += 1
            continue  # A stream without a cursor.
        here, there = end(mine), position(state)
        findings.check(here >= (there or 0), f"{name}: {here} is before {there}")
        cursor = position(mine) or 0
        findings.check(cursor <= here - 3_600_000, f"{name}: {cursor} is not an hour before {here}")
        compared += 1
    return compared


def check_exchange(
    portal: Portal, before: dict[str, dict[str, Json]], output: Output, who: str, findings: Findings
) -> int:
    """With the other's state nothing that changed is left out. Returns how many objects changed."""
    count = 0
    for name, old in before.items():
        changed = portal.changed(name, old)
        missing = changed - {str(record["id"]) for record in output.records[name]}
        findings.check(
            not missing, f"{who}, {name}: {len(missing)} changes are lost, as {sorted(missing)[:3]}"
        )
        count += len(changed)
    return count


def main() -> None:
    os.environ["HUBSPOT_API_VERSION"] = "classic"
    findings = Findings()
    with Portal(*PORTAL, lists_search_limit=1_000) as portal:
        portal.start_date = "2025-01-01T00:00:00Z"
        both = catalogs(OURS, THEIRS, portal.config)
        ours, theirs = ([one for one in part if is_compared(one["name"])] for part in both)
        names = [stream["name"] for stream in ours]
        first = read(OURS, portal, ours), read(THEIRS, portal, theirs)
        objects = [n for n in names if portal.has_objects(n) and not n.endswith("_archived")]
        before = {name: portal.records(name) for name in objects}
        # An archived record vanishes from the links of others, whose dates stay: who reads them
        # again by chance sees it, and the two need not agree.
        portal.change(*(change for change in changes() if change["kind"] != "archive"))
        second = (
            read(OURS, portal, ours, first[0].state),
            read(THEIRS, portal, theirs, first[1].state),
        )
        swapped = (
            read(OURS, portal, ours, first[1].state),
            read(THEIRS, portal, theirs, first[0].state),
        )
        changed = check_exchange(portal, before, swapped[0], "from theirs to ours", findings)
        check_exchange(portal, before, swapped[1], "from ours to theirs", findings)
        check_exchange(portal, before, second[0], "our own", findings)
    results = [
        compare(stream, first[0].records[stream["name"]], first[1].records[stream["name"]])
        for stream in ours
    ]
    # What both have read by now; a record may come again, so the second reads alone may differ.
    results_after = [
        compare(stream, merged(stream, first[0], second[0]), merged(stream, first[1], second[1]))
        for stream in ours
    ]
    for result in [*results, *results_after]:
        for difference in result.unexplained.values():
            findings.check(False, f"{result.name}: {difference.example} (×{difference.times})")
        findings.checked += result.ours
    states = check_states(first[0], first[1], findings)
    if "--table" in sys.argv:
        print(table(results))
    explained = sorted({why for result in results for why in result.explained})
    findings.end(
        f"Python connector 5.7.0: {len(names)} streams, {records(results)} records,"
        f" {states} states;"
        f" {', '.join(explained)} and nothing else differ;"
        f" {changed} changes survive both exchanges of states"
    )


def merged(stream: Json, *reads: Output) -> list[Json]:
    """The records of several reads as a destination keeps them: by key, the last one wins."""
    kept = {
        key_of(stream, record): record
        for output in reads
        for record in output.records[stream["name"]]
    }
    return list(kept.values())


def records(results: list[Stream]) -> int:
    return sum(result.ours for result in results)


if __name__ == "__main__":
    main()
