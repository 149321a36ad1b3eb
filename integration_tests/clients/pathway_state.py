"""Pathway reads a stream, keeps its state on disk, and reads what changed.

It keeps the state of one stream for each connector, and allows one connector in a process.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
from pathlib import Path

from portal import SMALL, Findings, Portal, changes

from protocol import CONNECTOR, Json

STREAM = "contacts"


def read(folder: str) -> None:
    """One run of a pipeline, in a process of its own as Pathway wants it."""
    logging.disable(logging.WARNING)
    import pathway as pw
    from pathway.io import airbyte
    from pathway.third_party.airbyte_serverless.executable_runner import ExecutableAirbyteSource

    # Its public parameters know images and packages from the index only.
    airbyte._construct_local_source = lambda source, streams, *_: ExecutableAirbyteSource(
        CONNECTOR, source["config"], streams
    )
    table = airbyte.read(f"{folder}/connection.yaml", [STREAM], mode="static")
    pw.io.jsonlines.write(table, f"{folder}/out.jsonl")
    backend = pw.persistence.Backend.filesystem(f"{folder}/kept")
    pw.run(
        persistence_config=pw.persistence.Config(backend),
        monitoring_level=pw.MonitoringLevel.NONE,
    )


def rows(folder: str) -> dict[str, Json]:
    """Runs the pipeline; the records it brought, by id."""
    command = [sys.executable, __file__, folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"FAILED: Pathway\n{done.stdout[-2000:]}{done.stderr[-3000:]}")
    lines = Path(folder, "out.jsonl").read_text().split("\n")
    found = (json.loads(json.loads(line)["data"]) for line in lines if line)
    return {record["id"]: record for record in found}


def main() -> None:
    findings = Findings()
    with Portal(*SMALL) as portal, tempfile.TemporaryDirectory() as folder:
        # JSON is YAML.
        connection = {"source": {"docker_image": "airbyte/source-hubspot", "config": portal.config}}
        Path(folder, "connection.yaml").write_text(json.dumps(connection))
        first = rows(folder)
        old = portal.records(STREAM)
        findings.check(first.keys() == old.keys(), f"{len(first)} records of {len(old)}")
        portal.change(*changes())
        second = rows(folder)
        changed = portal.changed(STREAM, old)
        missing = changed - second.keys()
        findings.check(not missing, f"changes of {sorted(missing)[:3]} are missing")
        # The overlap of some minutes brings again what changed right before the first read.
        again = len(second.keys() - changed)
        findings.check(again <= len(old) // 10, f"{again} unchanged records come again")
    findings.end(
        f"Pathway: {len(first)} {STREAM}, then {len(second)}, all of {len(changed)} changed ones"
    )


if __name__ == "__main__":
    read(sys.argv[1]) if len(sys.argv) > 1 else main()
