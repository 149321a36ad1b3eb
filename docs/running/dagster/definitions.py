"""A Dagster project that syncs many portals: one asset with one partition per portal.

    PORTALS=/opt/hubspot/portals DATA=/var/lib/hubspot dagster dev -f definitions.py

Each file PORTALS/<name>.json is the configuration of a portal. The sensor adds a partition for each
new file and syncs it at once; it removes the partitions whose file is gone. The schedule syncs every
portal once per hour. Each sync is one run of sync.py, which loads into DATABASE_HOST or into a DuckDB
file in DATA, and resumes from the last state in that database.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

SYNC = Path(os.environ.get("SYNC", Path(__file__).parents[1] / "sync.py")).resolve()
PORTALS = Path(os.environ.get("PORTALS", "portals"))

portals = dg.DynamicPartitionsDefinition(name="portals")


@dg.asset(
    partitions_def=portals,
    retry_policy=dg.RetryPolicy(max_retries=2, delay=300),
    pool="hubspot",  # its limit is the number of portals that are synced at once
)
def hubspot(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """The tables of one portal."""
    command = [sys.executable, str(SYNC), context.partition_key]
    output = ""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as sync:
        assert sync.stdout
        for line in sync.stdout:
            context.log.info(line.rstrip())
            output = (output + line)[-2000:]
    if sync.returncode:
        raise dg.Failure(f"the sync of portal {context.partition_key} ended with {sync.returncode}")
    records = re.search(r"^portal .*: (\d+) records$", output, re.MULTILINE)
    return dg.MaterializeResult(metadata={"records": int(records[1]) if records else 0})


@dg.sensor(target=hubspot, minimum_interval_seconds=60)
def new_portals(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Makes the partitions those of the files in PORTALS."""
    known = set(context.instance.get_dynamic_partitions("portals"))
    found = {file.stem for file in PORTALS.glob("*.json")}
    added, gone = sorted(found - known), sorted(known - found)
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=name, partition_key=name) for name in added],
        dynamic_partitions_requests=[
            portals.build_add_request(added),
            portals.build_delete_request(gone),
        ],
    )


@dg.schedule(target=hubspot, cron_schedule="7 * * * *")
def hourly(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
    """Syncs every portal."""
    for name in context.instance.get_dynamic_partitions("portals"):
        yield dg.RunRequest(partition_key=name)


definitions = dg.Definitions(assets=[hubspot], sensors=[new_portals], schedules=[hourly])
