"""The Dagster project of docs/running/dagster: 20 portals, one of which is killed and resumed."""

from __future__ import annotations

import contextlib
import io
import json
import multiprocessing
import os
import signal
import tempfile
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from importlib import util
from pathlib import Path
from types import ModuleType

import dagster as dg
import duckdb
from portal import Findings, Portal

from protocol import CONNECTOR

# Once, for all the processes that are forked from this one.
warnings.filterwarnings("ignore")
import airbyte  # noqa: E402, F401

PROJECT = Path(__file__).parents[2] / "docs" / "running" / "dagster" / "definitions.py"
PORTALS = 20
AT_ONCE = 2
SMALL = "--contacts=40 --companies=5 --deals=5 --tickets=5 --owners=3 --properties=5".split()
# A read of some seconds, in which the database commits several times.
SLOW = "--contacts=30000 --owners=3 --properties=5 --latency-ms=200".split()
KILLED = "killed"
QUIET = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}


def load() -> ModuleType:
    spec = util.spec_from_file_location("definitions", PROJECT)
    assert spec and spec.loader
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def materialize(name: str, url: str, offset_ms: str) -> tuple[bool, int]:
    """Runs the partition of a portal, in a process of its own; its success and its records."""
    os.environ.update(HUBSPOT_API_URL=url, HUBSPOT_CLOCK_OFFSET_MS=offset_ms)
    project = load()
    noise = io.StringIO()
    with (
        contextlib.redirect_stdout(noise),
        contextlib.redirect_stderr(noise),
        dg.DagsterInstance.get() as instance,
    ):
        result = dg.materialize(
            [project.hubspot],
            partition_key=name,
            instance=instance,
            run_config=QUIET,
            raise_on_error=False,
        )
        if not result.success:
            return False, 0
        (event,) = result.asset_materializations_for_node("hubspot")
        return True, int(event.metadata["records"].value)


def rows(folder: Path, name: str) -> int:
    file = folder / f"hubspot_{name}.duckdb"
    try:
        with duckdb.connect(str(file), read_only=True) as connection:
            count = connection.execute(f"SELECT count(DISTINCT id) FROM portal_{name}.contacts")
            return int(count.fetchall()[0][0])
    except duckdb.Error:
        return 0


def requests(portal: Portal) -> int:
    return int(portal.get("journal")["summary"]["requests"])


def kill_and_resume(
    pool: ProcessPoolExecutor, folder: Path, portal: Portal, offset_ms: str, findings: Findings
) -> str:
    """Kills the run of a partition with all of its processes, and runs it again."""
    context = multiprocessing.get_context("fork")

    def run() -> None:
        os.setsid()
        materialize(KILLED, portal.url, offset_ms)

    child = context.Process(target=run)
    child.start()
    while child.is_alive() and requests(portal) < 200:
        time.sleep(0.05)
    findings.check(child.is_alive(), "the run ended before it was killed")
    assert child.pid
    os.killpg(child.pid, signal.SIGKILL)
    child.join()
    before, cost = pool.submit(rows, folder, KILLED).result(), requests(portal)
    is_well, records = pool.submit(materialize, KILLED, portal.url, offset_ms).result()
    findings.check(is_well, "the run after the kill fails")
    again = requests(portal) - cost
    return (
        f"killed after {cost} requests with {before} rows, resumed with {again} requests and"
        f" {records} records"
    )


def main() -> None:
    findings = Findings()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home, portals = folder / "dagster", folder / "portals"
        home.mkdir()
        home.joinpath("dagster.yaml").touch()
        portals.mkdir()
        tools = folder / "tools"
        tools.mkdir()
        tools.joinpath("source-hubspot").symlink_to(CONNECTOR)
        os.environ.update(
            DAGSTER_HOME=str(home),
            PORTALS=str(portals),
            DATA=str(folder),
            STREAMS="contacts,owners",
            PATH=f"{tools}:{os.environ['PATH']}",
        )
        running: dict[str, tuple[Portal, str]] = {}
        try:
            for number in range(PORTALS):
                key = f"p{number}" if number else KILLED
                portal = Portal(*(SMALL if number else SLOW), f"--seed={number + 1}")
                portal.__enter__()
                running[key] = portal, os.environ["HUBSPOT_CLOCK_OFFSET_MS"]
                portals.joinpath(f"{key}.json").write_text(json.dumps(portal.config))
            project = load()
            with dg.DagsterInstance.get() as instance:
                context = dg.build_sensor_context(instance=instance)
                asked = project.new_portals(context)
                started = {request.partition_key for request in asked.run_requests}
                findings.check(started == running.keys(), f"the sensor starts {sorted(started)}")
                instance.add_dynamic_partitions("portals", [*running])
                portals.joinpath("p1.json").rename(folder / "p1.json")
                asked = project.new_portals(context)
                findings.check(not asked.run_requests, "the sensor starts known portals again")
                (gone,) = [
                    request.partition_keys
                    for request in asked.dynamic_partitions_requests
                    if isinstance(request, dg.DeleteDynamicPartitionsRequest)
                ]
                findings.check(list(gone) == ["p1"], f"the sensor removes {gone}")
                folder.joinpath("p1.json").rename(portals / "p1.json")
                hours = list(project.hourly(dg.build_schedule_context(instance=instance)))
                findings.check(len(hours) == PORTALS, f"the schedule starts {len(hours)} runs")
            # Only the forked processes use DuckDB, whose threads do not survive a fork.
            with ProcessPoolExecutor(AT_ONCE, multiprocessing.get_context("fork")) as pool:
                killed = kill_and_resume(pool, folder, *running[KILLED], findings)
                started_at = time.monotonic()
                runs = {
                    key: pool.submit(materialize, key, portal.url, offset_ms)
                    for key, (portal, offset_ms) in running.items()
                    if key != KILLED
                }
                for key, run in runs.items():
                    is_well, records = run.result()
                    expected = len(running[key][0].records("contacts"))
                    findings.check(is_well, f"{key}: the run fails")
                    findings.check(records >= expected, f"{key}: {records} records are reported")
            seconds = time.monotonic() - started_at
            # PyAirbyte keeps its database open until its process ends.
            for key, (portal, _) in running.items():
                expected, found = len(portal.records("contacts")), rows(folder, key)
                findings.check(found == expected, f"{key}: {found} contacts of {expected}")
        finally:
            for portal, _ in running.values():
                portal.__exit__()
    findings.end(f"Dagster: {PORTALS - 1} portals in {seconds:.0f} s; one {killed}")


if __name__ == "__main__":
    main()
