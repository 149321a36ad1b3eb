"""PyAirbyte reads every stream into DuckDB, twice; the rows are compared with the portal."""

from __future__ import annotations

import contextlib
import io
import tempfile
import warnings
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from portal import SMALL, Findings, Portal, changes

from protocol import CONNECTOR, Json, configured, key_of, run

warnings.filterwarnings("ignore")
import airbyte as ab  # noqa: E402

# Where the keys of what is no CRM object stand: stream, name in the simulator, column.
KEYS = [
    ("campaigns", "email_campaigns", "id"),
    ("contact_lists", "lists", "listid"),
    ("email_events", "email_events", "id"),
    ("email_subscriptions", "subscriptions", "id"),
    ("flows", "flows", "id"),
    ("forms", "forms", "id"),
    ("marketing_campaigns", "campaigns", "id"),
    ("owners", "owners", "id"),
    ("owners_archived", "owners_archived", "id"),
    ("teams", "teams", "id"),
    ("users", "users", "id"),
    ("workflows", "workflows", "id"),
]


def sync(database: str, config: Json, streams: Any = "*") -> Counter[str]:
    """One sync into a DuckDB file; the records read of each stream."""
    noise = io.StringIO()
    with contextlib.redirect_stdout(noise), contextlib.redirect_stderr(noise):
        source = ab.get_source("source-hubspot", config=config, local_executable=CONNECTOR)
        source.check()
        source.select_streams(streams)
        result = source.read(cache=ab.caches.DuckDBCache(db_path=database))
    return Counter(result._progress_tracker.stream_read_counts)


class Tables:
    """What lies in the DuckDB file, asked for in PyAirbyte's way: it keeps the file open."""

    def __init__(self, database: str) -> None:
        self._engine = ab.caches.DuckDBCache(db_path=database).get_sql_engine()

    def rows(self, stream: str) -> list[Json]:
        with self._engine.connect() as connection:
            found = connection.exec_driver_sql(f'select * from main."{stream}"')
            return [dict(row._mapping) for row in found]


def same(schema: Json, raw: str | None, cell: Any) -> bool:
    """Is the cell what this text of HubSpot's means in a column of this type?"""
    kind = next((kind for kind in schema["type"] if kind != "null"), None)
    form = schema.get("format")
    if raw is None or (raw == "" and (kind != "string" or form)):
        return cell is None
    if kind == "number":
        return cell == Decimal(raw).quantize(Decimal("1e-9"))
    if kind == "boolean":
        return cell == (raw == "true")
    if form == "date":
        return str(cell) == raw[:10]
    if form == "date-time":
        at = datetime.fromisoformat(raw.replace("Z", "+00:00")).astimezone(UTC)
        return bool(cell.replace(tzinfo=UTC) == at)
    return bool(cell == raw)


def compare_objects(
    portal: Portal, stream: Json, rows: list[Json], gone: set[str], findings: Findings
) -> None:
    """Compares the rows of CRM objects with the portal, every value of every record."""
    name, columns = stream["name"], stream["json_schema"]["properties"]
    truth = portal.records(name)
    found = {row["id"]: row for row in rows}
    findings.check(len(found) == len(rows), f"{name}: {len(rows) - len(found)} rows come twice")
    missing = truth.keys() - found.keys()
    surplus = found.keys() - truth.keys() - gone
    findings.check(
        not missing, f"{name}: {len(missing)} rows are missing, as {sorted(missing)[:3]}"
    )
    findings.check(not surplus, f"{name}: {len(surplus)} rows too many, as {sorted(surplus)[:3]}")
    # Others are copies that the stream keeps under their older names.
    known = {name for record in truth.values() for name in record["properties"]}
    typed = {
        name: schema
        for name, schema in columns["properties"]["properties"].items()
        if name in known
    }
    for id in truth.keys() & found.keys():
        row = found[id]
        for column, schema in typed.items():
            raw, cell = truth[id]["properties"].get(column), row[f"properties_{column}".lower()]
            findings.check(
                same(schema, raw, cell), f"{name} {id}: {column} is {cell!r}, not {raw!r}"
            )
        if name.endswith("_archived"):
            continue
        for to, ids in truth[id]["associations"].items():
            if to in columns:
                # That a record it is linked to is archived leaves no trace in this one.
                cell = [other for other in row[to] if other not in gone]
                findings.check(cell == ids, f"{name} {id}: {to} are {cell}, not {ids}")


def compare(
    portal: Portal, streams: list[Json], tables: Tables, gone: set[str], findings: Findings
) -> tuple[int, int]:
    """Compares all that the portal can tell of; returns how many streams and rows that were."""
    keys, compared, rows = portal.get("keys"), 0, 0
    columns = {stream: (name, column) for stream, name, column in KEYS}
    for stream in streams:
        name = stream["name"]
        if portal.has_objects(name):
            found = tables.rows(name)
            compare_objects(portal, stream, found, gone, findings)
        elif name in columns:
            found = tables.rows(name)
            truth, column = set(keys[columns[name][0]]), columns[name][1]
            ids = {str(row[column]) for row in found}
            findings.check(
                ids == truth,
                f"{name}: {len(ids)} keys, not {len(truth)}: {sorted(ids ^ truth)[:3]}",
            )
        else:
            continue
        compared += 1
        rows += len(found)
    return compared, rows


def main() -> None:
    findings = Findings()
    with Portal(*SMALL) as portal, tempfile.TemporaryDirectory() as folder:
        database = f"{folder}/hubspot.duckdb"
        catalog = run("discover", config=portal.config).of_type("CATALOG")[0]
        streams: list[Json] = catalog["streams"]
        direct = run("read", config=portal.config, catalog=configured(streams))
        first = sync(database, portal.config)
        tables = Tables(database)
        compared, rows = compare(portal, streams, tables, set(), findings)
        for stream in streams:
            name = stream["name"]
            records = direct.records[name]
            keys = len({key_of(stream, record) for record in records})
            # Records of one sync that share a key, as some versions of a property do, all stay.
            found = len(tables.rows(name))
            findings.check(
                keys <= found <= len(records), f"{name}: {found} rows of {len(records)} records"
            )

        before = portal.records("deals").keys()
        portal.change(*changes())
        gone = before - portal.records("deals").keys()
        second = sync(database, portal.config)
        tables = Tables(database)
        compare(portal, streams, tables, gone, findings)
        for stream in streams:
            name = stream["name"]
            if portal.has_objects(name) and first[name] > 50:
                some = 0 < second[name] < first[name]
                expects_none = name not in ("contacts", "companies", "deals")
                findings.check(
                    some or expects_none, f"{name}: {first[name]} records, then {second[name]}"
                )
    findings.end(
        f"PyAirbyte and DuckDB: {len(streams)} streams, {sum(first.values())} records, then"
        f" {sum(second.values())}; {compared} streams with {rows} rows compared with the portal"
    )


if __name__ == "__main__":
    main()
