"""A Dagster project that syncs many portals: one asset with one partition per portal.

    PORTALS=/opt/hubspot/portals DATA=/var/lib/hubspot dagster dev -f definitions.py

Each file PORTALS/<name>.json is the configuration of a portal. The sensor adds a partition for each
new file and syncs it at once; it removes the partitions whose file is gone. The schedule syncs every
portal once per hour. Each run calls `sync` of sync.py, which loads into DATABASE_HOST or into a DuckDB
file in DATA, and resumes from the last state in that database.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

# The folder of sync.py.
SYNC = Path(os.environ.get("SYNC", Path(__file__).resolve().parents[1]))
PORTALS = Path(os.environ.get("PORTALS", "portals"))

portals = dg.DynamicPartitionsDefinition(name="portals")


@dg.asset(
    partitions_def=portals,
    retry_policy=dg.RetryPolicy(max_retries=2, delay=300),
    pool="hubspot",  # its limit is the number of portals that are synced at once
)
def hubspot(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """The tables of one portal."""
    # Imported by the run alone: PyAirbyte takes seconds to import.
    sys.path.insert(0, str(SYNC))
    from sync import sync

    return dg.MaterializeResult(metadata={"records": sync(context.partition_key)})


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
