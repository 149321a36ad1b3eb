"""One sync of one portal into a database, with PyAirbyte: sync.py [NUMBER]

The portal's configuration is PORTALS/<number>.json; its tables and its state go into a schema of
its own, so any number of portals can share a database and run at the same time. The number is the
argument or, in an indexed job, JOB_COMPLETION_INDEX.
"""

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("AIRBYTE_OFFLINE_MODE", "1")  # the program is here already
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("NO_LIVE_PROGRESS", "1")

import airbyte as ab  # noqa: E402
from airbyte.caches import CacheBase, DuckDBCache, PostgresCache  # noqa: E402


def cache_of(number: str) -> CacheBase:
    """Where the tables go: Postgres if DATABASE_HOST is set, else a DuckDB file."""
    schema = f"portal_{number}"
    if host := os.environ.get("DATABASE_HOST"):
        return PostgresCache(
            host=host,
            port=int(os.environ.get("DATABASE_PORT", "5432")),
            username=os.environ["DATABASE_USER"],
            password=os.environ["DATABASE_PASSWORD"],
            database=os.environ["DATABASE_NAME"],
            schema_name=schema,
        )
    # DuckDB takes the file's name for that of the database, which may not be the schema's.
    file = Path(os.environ.get("DATA", ".")) / f"hubspot_{number}.duckdb"
    return DuckDBCache(db_path=file, schema_name=schema)


def sync(number: str) -> int:
    """Reads one portal into its tables; returns the number of records."""
    portals = Path(os.environ.get("PORTALS", "portals"))
    streams = os.environ.get("STREAMS", "*")
    source = ab.get_source(
        "source-hubspot",
        config=json.loads((portals / f"{number}.json").read_text()),
        local_executable=os.environ.get("SOURCE_HUBSPOT", "source-hubspot"),
        streams=streams if streams == "*" else streams.split(","),
    )
    return source.read(cache=cache_of(number)).processed_records


def main() -> None:
    number = sys.argv[1] if len(sys.argv) > 1 else os.environ["JOB_COMPLETION_INDEX"]
    print(f"portal {number}: {sync(number)} records")


if __name__ == "__main__":
    main()
