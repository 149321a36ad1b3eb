"""The example of docs/load.md: `read | into_duckdb.py`, then SQL over the result; twice."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

import duckdb
from portal import SMALL, Findings, Portal, changes

from protocol import CONNECTOR, Json, configured, run

EXAMPLE = Path(__file__).parents[2] / "examples" / "into_duckdb.py"
STREAMS = {"companies", "contact_lists", "deals", "email_events", "owners", "subscription_changes"}
QUERY = "SELECT properties_dealstage, count(*), sum(properties_amount) FROM main.deals GROUP BY ALL"


def pipe(folder: str, *, go_on: bool) -> None:
    files = {name: f"{folder}/{name}.json" for name in ("config", "catalog", "state")}
    read = [CONNECTOR, "read", "--config", files["config"], "--catalog", files["catalog"]]
    read += ["--state", files["state"]] if go_on else []
    with open(f"{folder}/read.jsonl", "wb") as kept:
        source = subprocess.Popen(read, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        tee = subprocess.Popen(["tee", kept.name], stdin=source.stdout, stdout=subprocess.PIPE)
        example = [sys.executable, str(EXAMPLE), files["catalog"], f"{folder}/hubspot.duckdb"]
        done = subprocess.run(
            example, stdin=tee.stdout, capture_output=True, text=True, check=False
        )
        # A destination that failed must not leave the others waiting for a reader.
        for process in (source, tee):
            assert process.stdout
            process.stdout.close()
    if source.wait() or tee.wait() or done.returncode:
        raise SystemExit(f"FAILED: into_duckdb.py\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    lines = Path(folder, "read.jsonl").read_text().split("\n")
    states = [json.loads(line)["state"] for line in lines if '"type":"STATE"' in line]
    Path(files["state"]).write_text(json.dumps(states))


def main() -> None:
    findings = Findings()
    with Portal(*SMALL) as portal, tempfile.TemporaryDirectory() as folder:
        offered = run("discover", config=portal.config).of_type("CATALOG")[0]["streams"]
        streams = [stream for stream in offered if stream["name"] in STREAMS]
        Path(folder, "config.json").write_text(json.dumps(portal.config))
        Path(folder, "catalog.json").write_text(json.dumps(configured(streams)))
        gone: dict[str, Json] = {}
        for number in range(2):
            if number:
                gone = portal.records("deals")
                portal.change(*changes())
            pipe(folder, go_on=bool(number))
            with duckdb.connect(f"{folder}/hubspot.duckdb", read_only=True) as connection:
                found = connection.execute(QUERY).fetchall()
            # What was archived since stays in the table, as it was.
            deals = {**gone, **portal.records("deals")}.values()
            truth: dict[str | None, list[Decimal]] = {}
            for deal in (deal["properties"] for deal in deals):
                amounts = truth.setdefault(deal.get("dealstage"), [])
                # PyAirbyte's numbers have nine decimals, HubSpot's as many as they like.
                amounts.append(Decimal(deal.get("amount") or 0).quantize(Decimal("1e-9")))
            told = {stage: (count, amount or 0) for stage, count, amount in found}
            expected = {stage: (len(some), sum(some)) for stage, some in truth.items()}
            findings.check(told == expected, f"read {number}: {told}, not {expected}")
    counts = ", ".join(f"{count} {stage}" for stage, count, _ in found)
    findings.end(f"read | into_duckdb.py, then SQL: deals by stage are {counts}")


if __name__ == "__main__":
    main()
