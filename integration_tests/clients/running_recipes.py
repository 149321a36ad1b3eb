"""The recipes of docs/running.md: sync.sh and sync.py, each twice, against the simulator."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
from portal import SMALL, Findings, Portal, changes

from protocol import CONNECTOR

RECIPES = Path(__file__).parents[2] / "docs" / "running"
STREAM = "contacts"


def environment(**settings: str) -> dict[str, str]:
    path = f"{Path(CONNECTOR).parent}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, **settings}


def run(*command: str, **settings: str) -> str:
    done = subprocess.run(
        command, env=environment(**settings), capture_output=True, text=True, check=False
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
    (first,) = folder.glob("*Z-*.jsonl")
    findings.check(records(first) == set(portal.records(STREAM)), "sync.sh: the first read")
    old = portal.records(STREAM)
    portal.change(*changes())
    # Each sync has a file of its own.
    first.rename(folder / "first.jsonl")
    run(str(RECIPES / "sync.sh"), str(folder))
    (second,) = folder.glob("*Z-*.jsonl")
    missed = portal.changed(STREAM, old) - records(second)
    findings.check(not missed, f"sync.sh: {missed} changed and did not come")
    findings.check(len(records(second)) < len(old) / 2, "sync.sh: the second read is a whole one")
    return len(json.loads((folder / "state.json").read_text()))


def by_shell_after_a_failure(portal: Portal, folder: Path, findings: Findings) -> None:
    """A first sync with a wrong token says why it failed and leaves nothing that the next one uses."""
    config = portal.config
    wrong = {**config, "credentials": {**config["credentials"], "access_token": "pat-na1-wrong"}}
    (folder / "config.json").write_text(json.dumps(wrong))
    failed = subprocess.run(
        [str(RECIPES / "sync.sh"), str(folder)],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    findings.check(failed.returncode == 1, f"sync.sh, wrong token: exit code {failed.returncode}")
    findings.check("token" in failed.stderr, f"sync.sh, wrong token: says {failed.stderr!r}")
    findings.check("catalog" not in failed.stderr, f"sync.sh, wrong token: says {failed.stderr!r}")
    findings.check(not (folder / "catalog.json").exists(), "sync.sh, wrong token: leaves a catalog")
    (folder / "config.json").write_text(json.dumps(config))
    run(str(RECIPES / "sync.sh"), str(folder))
    (first,) = folder.glob("*Z-*.jsonl")
    findings.check(records(first) == set(portal.records(STREAM)), "sync.sh: the read after a failure")
    # A line that a kill cut off does not lose the states before it.
    states = (folder / "state.json").read_text()
    (folder / "state.json").unlink()
    tool = folder / "source-hubspot"
    tool.write_text(
        f"#!/bin/sh\n[ \"$1\" = read ] || exec {CONNECTOR} \"$@\"\n"
        f"cat {first}; printf '{{\"type\":\"RECO'; exit 137\n"
    )
    tool.chmod(0o755)
    killed = subprocess.run(
        [str(RECIPES / "sync.sh"), str(folder)],
        env={**environment(), "PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True,
        check=False,
    )
    findings.check(killed.returncode == 137, f"sync.sh, killed: exit code {killed.returncode}")
    kept = (folder / "state.json").read_text()
    findings.check(kept == states, "sync.sh, killed: the states before the cut line are lost")


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
    findings = Findings()
    with Portal(*SMALL) as portal, tempfile.TemporaryDirectory() as folder:
        failed = Path(folder, "failed")
        failed.mkdir()
        by_shell_after_a_failure(portal, failed, findings)
        streams = by_shell(portal, Path(folder), findings)
        rows = by_pyairbyte(portal, Path(folder), findings)
    findings.end(f"sync.sh keeps the state of {streams} streams, sync.py a table of {rows} rows")


if __name__ == "__main__":
    main()
