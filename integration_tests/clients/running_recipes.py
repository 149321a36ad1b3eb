"""The recipes of docs/running.md: sync.sh and sync.py, each twice, against the simulator."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
from portal import SMALL, Findings, Portal, changes

from protocol import CONNECTOR

RECIPES = Path(__file__).parents[2] / "docs" / "running"
STREAM = "contacts"


def run(*command: str, **environment: str) -> str:
    path = f"{Path(CONNECTOR).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, **environment}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"FAILED: {' '.join(command)}\n{done.stdout[-900:]}{done.stderr[-900:]}")
    return done.stdout


def records(messages: Path) -> set[str]:
    lines = (json.loads(line) for line in messages.read_text().split("\n") if line)
    found = (line["record"] for line in lines if line["type"] == "RECORD")
    return {record["data"]["id"] for record in found if record["stream"] == STREAM}


def by_shell(portal: Portal, folder: Path, findings: Findings) -> int:
    (folder / "config.json").write_text(json.dumps(portal.config))
    run(str(RECIPES / "sync.sh"), str(folder))
    (first,) = folder.glob("*Z.jsonl")
    findings.check(records(first) == set(portal.records(STREAM)), "sync.sh: the first read")
    old = portal.records(STREAM)
    portal.change(*changes())
    # Each sync has a file of its own, named by the second.
    first.rename(folder / "first.jsonl")
    run(str(RECIPES / "sync.sh"), str(folder))
    (second,) = folder.glob("*Z.jsonl")
    missed = portal.changed(STREAM, old) - records(second)
    findings.check(not missed, f"sync.sh: {missed} changed and did not come")
    findings.check(len(records(second)) < len(old) / 2, "sync.sh: the second read is a whole one")
    return len(json.loads((folder / "state.json").read_text()))


def by_pyairbyte(portal: Portal, folder: Path, findings: Findings) -> int:
    (folder / "7.json").write_text(json.dumps(portal.config))
    settings = {"PORTALS": str(folder), "DATA": str(folder), "STREAMS": f"{STREAM},owners"}
    for number in range(2):
        if number:
            portal.change(*changes())
        run(sys.executable, str(RECIPES / "sync.py"), JOB_COMPLETION_INDEX="7", **settings)
        with duckdb.connect(str(folder / "hubspot_7.duckdb"), read_only=True) as connection:
            rows = connection.execute(f"SELECT id FROM portal_7.{STREAM}").fetchall()
        lacking = set(portal.records(STREAM)) - {row[0] for row in rows}
        findings.check(not lacking, f"sync.py, read {number}: {lacking} are not there")
    return len(rows)


def main() -> None:
    if not shutil.which("jq"):
        raise SystemExit("FAILED: sync.sh needs jq, and it is not there")
    findings = Findings()
    with Portal(*SMALL) as portal, tempfile.TemporaryDirectory() as folder:
        streams = by_shell(portal, Path(folder), findings)
        rows = by_pyairbyte(portal, Path(folder), findings)
    findings.end(f"sync.sh keeps the state of {streams} streams, sync.py a table of {rows} rows")


if __name__ == "__main__":
    main()
