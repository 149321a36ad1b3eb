"""The views of sql/ over tables that PyAirbyte wrote, in DuckDB and in Postgres, before and after a
second sync; rows are compared with the portal."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
import warnings
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
from portal import SMALL, Findings, Portal, changes

from protocol import CONNECTOR, Json, configured, run

warnings.filterwarnings("ignore")
import airbyte as ab  # noqa: E402
from airbyte.caches import CacheBase, DuckDBCache, PostgresCache  # noqa: E402

ROOT = Path(__file__).parents[2]
README = (ROOT / "sql" / "README.md").read_text()
SCHEMA = "portal_7"
TYPES = {
    "call": ("engagements_calls", "hs_call_title"),
    "email": ("engagements_emails", "hs_email_subject"),
    "meeting": ("engagements_meetings", "hs_meeting_title"),
    "note": ("engagements_notes", None),
    "task": ("engagements_tasks", "hs_task_subject"),
}
ACTIVITIES = [stream for stream, _ in TYPES.values()]
RECORDS = ["contacts", "companies", "deals", "tickets", *ACTIVITIES]
STREAMS = [*RECORDS, "owners", "owners_archived", "deal_pipelines", "deals_property_history"]


def sync(cache: CacheBase, portal: Portal) -> None:
    noise = io.StringIO()
    with contextlib.redirect_stdout(noise), contextlib.redirect_stderr(noise):
        source = ab.get_source("source-hubspot", config=portal.config, local_executable=CONNECTOR)
        source.select_streams(STREAMS)
        source.read(cache=cache)


def block(language: str) -> str:
    """The first block of the README in this language."""
    return README.split(f"```{language}\n")[1].split("```")[0]


class Database:
    """Tables of one database, and the views over them."""

    name: str

    @staticmethod
    def stored(id: str) -> str:
        """The id of a record as the database has it."""
        return id

    def sync(self, portal: Portal) -> None:
        raise NotImplementedError

    def create_views(self) -> None:
        raise NotImplementedError

    def rows(self, view: str) -> list[Json]:
        raise NotImplementedError


class DuckDB(Database):
    name = "DuckDB"

    def __init__(self, folder: str) -> None:
        self._file = f"{folder}/hubspot.duckdb"

    def sync(self, portal: Portal) -> None:
        cache = DuckDBCache(db_path=self._file)
        sync(cache, portal)
        cache.get_sql_engine().dispose()

    def create_views(self) -> None:
        code = block("python").replace("hubspot.duckdb", self._file)
        run_or_fail([sys.executable, "-c", code])

    def rows(self, view: str) -> list[Json]:
        with duckdb.connect(self._file, read_only=True) as connection:
            found = connection.execute(f"SELECT * FROM {view}")
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


class Postgres(Database):
    """A private server in a folder, as a user who is not root."""

    name = "Postgres"

    @staticmethod
    def stored(id: str) -> str:
        """PyAirbyte converts text of digits to a float on its way to Postgres."""
        return str(int(float(id)))

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._programs = postgres_programs()
        self._user = None
        if os.geteuid() == 0:
            self._user = "postgres"
            owner = pwd.getpwnam(self._user)
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        data = f"{folder}/data"
        self._run("initdb", "--auth=trust", "--username=test", "--encoding=UTF8", data)
        options = f"-p {self._port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._run("pg_ctl", "start", "-w", "-D", data, "-l", f"{folder}/log", "-o", options)

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", f"{self._folder}/data")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        run_or_fail(command, user=self._user, cwd=self._folder)

    @property
    def _url(self) -> str:
        return f"postgresql://test:none@127.0.0.1:{self._port}/postgres"

    def sync(self, portal: Portal) -> None:
        cache = PostgresCache(
            host="127.0.0.1",
            port=self._port,
            username="test",
            password="none",
            database="postgres",
            schema_name=SCHEMA,
        )
        sync(cache, portal)

    def create_views(self) -> None:
        environment = {**os.environ, "DATABASE_URL": self._url}
        run_or_fail(["bash", "-euc", block("sh")], env=environment)

    def rows(self, view: str) -> list[Json]:
        with contextlib.closing(psycopg2.connect(self._url)) as connection:
            cursor = connection.cursor()
            cursor.execute(f"SELECT * FROM {SCHEMA}.{view}")
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def run_or_fail(command: list[str], **options: Any) -> None:
    options = {"cwd": ROOT, **options}
    with tempfile.TemporaryFile("w+") as said:
        # `pg_ctl start` leaves a server behind that keeps a pipe open.
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False, **options
        )
        said.seek(0)
        if done.returncode:
            raise SystemExit(f"FAILED: {command[0]} {command[1]}\n{said.read()[-2000:]}")


def postgres_programs() -> Path:
    """The folder of `initdb`; Debian's package is installed if there is none."""
    for attempt in range(2):
        if found := shutil.which("initdb"):
            return Path(found).resolve().parent
        if folders := sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
            return folders[-1].parent
        if attempt == 0:
            install = "apt-get update -qq && apt-get install -yqq --no-install-recommends postgresql"
            run_or_fail(["bash", "-c", install])
    raise SystemExit("FAILED: Postgres is not there")


def truths(portal: Portal) -> dict[str, dict[str, Json]]:
    return {stream: portal.records(stream) for stream in RECORDS}


def pipelines(portal: Portal) -> list[Json]:
    request = urllib.request.Request(
        f"{portal.url}/crm/v3/pipelines/deals", headers={"Authorization": f"Bearer {portal.token}"}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["results"]


def history(portal: Portal) -> dict[str, list[tuple[datetime, str]]]:
    """The versions of each deal's stage, oldest first, as the connector reads them."""
    catalog = run("discover", config=portal.config).of_type("CATALOG")[0]
    streams = [s for s in catalog["streams"] if s["name"] == "deals_property_history"]
    output = run("read", config=portal.config, catalog=configured(streams))
    found: dict[str, list[tuple[datetime, str]]] = {}
    for version in output.records["deals_property_history"]:
        if version["property"] == "dealstage":
            at = datetime.fromisoformat(version["timestamp"])
            found.setdefault(version["dealId"], []).append((at, version.get("value") or ""))
    return {deal: sorted(versions) for deal, versions in found.items()}


class Check:
    """Compares the views of one database with the portal."""

    def __init__(self, database: Database, portal: Portal, findings: Findings, gone: set[str]):
        self.database, self.portal, self.findings = database, portal, findings
        # Deals that were archived after they had been read: their rows stay.
        self.gone = gone
        self.truth = truths(portal)
        self.count = 0

    def rows(self, view: str) -> list[Json]:
        rows = self.database.rows(view)
        # PyAirbyte's times are in UTC, without saying so.
        for row in rows:
            at = {name: value for name, value in row.items() if isinstance(value, datetime)}
            row |= {name: value.replace(tzinfo=UTC) for name, value in at.items()}
        self.count += len(rows)
        self.check(view, bool(rows), "no rows")
        return rows

    def check(self, view: str, holds: bool, finding: str) -> None:
        self.findings.check(holds, f"{self.database.name}, {view}: {finding}")

    def same(self, view: str, found: Any, expected: Any) -> None:
        self.check(view, found == expected, f"{str(found)[:300]}, not {str(expected)[:300]}")

    def owners(self) -> dict[str, Json]:
        rows = self.rows("owners_all")
        keys = self.portal.get("keys")
        live, archived = set(keys["owners"]), set(keys["owners_archived"])
        self.same("owners_all", sorted(row["id"] for row in rows), sorted(live | archived))
        owners = {row["id"]: row for row in rows}
        self.same("owners_all", {id for id in owners if owners[id]["is_archived"]}, archived - live)
        self.check("owners_all", all(row["name"] for row in rows), "an owner has no name")
        self.check("owners_all", all(row["user_id"] for row in rows), "an owner has no user")
        return owners

    def stages(self) -> dict[tuple[str, str], Json]:
        expected = {}
        for pipeline in pipelines(self.portal):
            for stage in pipeline["stages"]:
                probability = float(stage["metadata"]["probability"])
                expected[pipeline["id"], stage["id"]] = {
                    "pipeline_id": pipeline["id"],
                    "pipeline_label": pipeline["label"],
                    "pipeline_order": pipeline["displayOrder"],
                    "stage_id": stage["id"],
                    "stage_label": stage["label"],
                    "stage_order": stage["displayOrder"],
                    "probability": probability,
                    "is_closed": stage["metadata"]["isClosed"] == "true",
                    "is_won": probability == 1,
                }
        rows = self.rows("deal_stages")
        found = {(row["pipeline_id"], row["stage_id"]): row for row in rows}
        self.same("deal_stages", found, expected)
        self.same("deal_stages", len(rows), len(expected))
        return expected

    def deals(self, owners: dict[str, Json], stages: dict[tuple[str, str], Json]) -> None:
        view = "deals_enriched"
        rows = self.rows(view)
        deals = {row["id"]: row for row in rows}
        self.same(view, sorted(row["id"] for row in rows), sorted(self.truth["deals"] | self.kept()))
        named = 0
        for id, record in self.truth["deals"].items():
            row, properties = deals.get(id, {}), record["properties"]
            stage = stages.get((properties.get("pipeline"), properties.get("dealstage")), {})
            owner = owners.get(properties.get("hubspot_owner_id"), {})
            amount = properties.get("amount") or None
            expected = {
                "name": properties.get("dealname"),
                "amount": amount and Decimal(amount).quantize(Decimal("1e-9")),
                "pipeline_label": stage.get("pipeline_label"),
                "stage_label": stage.get("stage_label"),
                "is_won": stage.get("is_won"),
                "is_closed": stage.get("is_closed"),
                "owner_name": owner.get("name"),
                "owner_is_archived": owner.get("is_archived"),
            }
            self.same(view, {name: row.get(name) for name in expected}, expected)
            named += bool(owner)
        self.check(view, named > 5, f"only {named} deals have an owner")

    def kept(self) -> dict[str, Json]:
        return dict.fromkeys(self.gone, {})

    def durations(self, stages: dict[tuple[str, str], Json]) -> None:
        view = "deal_stage_durations"
        labels = {stage["stage_id"]: stage["stage_label"] for stage in stages.values()}
        found: dict[str, list[Json]] = {}
        for row in self.rows(view):
            found.setdefault(row["deal_id"], []).append(row)
            self.same(view, row["stage_label"], labels.get(row["stage_id"]))
            self.check(view, row["days"] >= 0, f"{row['days']} days")
            self.same(view, row["is_current"], row["left_at"] is None)
        compared = 0
        for deal, versions in history(self.portal).items():
            if len({at for at, _ in versions}) < len(versions):
                continue  # Which of two versions of one instant was first is not known.
            entered = [
                version
                for place, version in enumerate(versions)
                if place == 0 or version[1] != versions[place - 1][1]
            ]
            left = [at for at, _ in entered[1:]] + [None]
            expected = [
                (stage, at, end) for (at, stage), end in zip(entered, left, strict=True) if stage
            ]
            rows = sorted(found.get(deal, []), key=lambda row: row["entered_at"])
            shown = [(row["stage_id"], row["entered_at"], row["left_at"]) for row in rows]
            self.same(view, shown, expected)
            compared += len(expected) > 1
            for row in rows:
                if row["left_at"]:
                    days = (row["left_at"] - row["entered_at"]).total_seconds() / 86_400
                    self.check(view, abs(float(row["days"]) - days) < 1e-6, f"{row['days']}")
        self.check(view, compared > 5, f"only {compared} deals with several stages")

    def lifecycle(self, owners: dict[str, Json]) -> None:
        view = "contacts_by_lifecycle"
        found = {
            (row["lifecycle_stage"], row["owner_id"], row["owner_name"]): row["contacts"]
            for row in self.rows(view)
        }
        expected: Counter[tuple[str | None, str | None, str | None]] = Counter()
        for contact in self.truth["contacts"].values():
            owner = contact["properties"].get("hubspot_owner_id")
            name = owners.get(owner, {}).get("name")
            expected[contact["properties"].get("lifecyclestage"), owner, name] += 1
        self.same(view, found, dict(expected))

    def engagements(self) -> None:
        view = "engagements_all"
        found = {(row["type"], row["id"]): row for row in self.rows(view)}
        truth = {
            (kind, id): (record["properties"], title)
            for kind, (stream, title) in TYPES.items()
            for id, record in self.truth[stream].items()
        }
        self.same(view, sorted(found), sorted(truth))
        for key, (properties, title) in truth.items():
            row = found.get(key, {})
            self.same(view, row.get("title"), properties.get(title) if title else None)
            self.same(view, row.get("owner_id"), properties.get("hubspot_owner_id"))
            at = datetime.fromisoformat(properties["hs_timestamp"])
            self.same(view, row.get("occurred_at"), at)

    def associations(self) -> None:
        view = "associations"
        rows = self.rows(view)
        names = ("from_object", "from_id", "to_object", "to_id")
        found = {tuple(row[name] for name in names) for row in rows}
        self.same(view, len(found), len(rows))
        expected = set()
        for stream, records in self.truth.items():
            for id, record in records.items():
                for to, ids in record["associations"].items():
                    if (stream, to) in self.pairs:
                        own = self.database.stored(id)
                        expected |= {(stream, own, to, other) for other in ids}
        # Links from and to records that are gone stay until the other record changes.
        live = {link for link in found if not {link[1], link[3]} & self.gone}
        self.same(view, sorted(live ^ expected)[:5], [])

    @property
    def pairs(self) -> set[tuple[str, str]]:
        """The columns of ids that the view is to have."""
        all_four = ("companies", "contacts", "deals", "tickets")
        return {
            ("contacts", "companies"),
            ("contacts", "contacts"),
            ("companies", "contacts"),
            *(("deals", to) for to in ("companies", "contacts", "line_items")),
            *(("tickets", to) for to in ("companies", "contacts", "deals")),
            *((stream, to) for stream in ACTIVITIES for to in all_four),
        }

    def everything(self) -> int:
        owners = self.owners()
        stages = self.stages()
        self.deals(owners, stages)
        self.durations(stages)
        self.lifecycle(owners)
        self.engagements()
        self.associations()
        return self.count


@contextlib.contextmanager
def databases() -> Iterator[list[Database]]:
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as server:
        postgres = Postgres(server)
        try:
            yield [DuckDB(folder), postgres]
        finally:
            postgres.stop()


def main() -> None:
    listed = {line.split("`")[1] for line in README.split("\n") if line.startswith("| `")}
    findings = Findings()
    for folder in ("duckdb", "postgres"):
        files = {file.stem for file in (ROOT / "sql" / folder).glob("*.sql")}
        findings.check(files == listed, f"sql/{folder}: {files ^ listed} is not in both")
    counts: list[int] = []
    with Portal(*SMALL) as portal, databases() as all_databases:
        gone: set[str] = set()
        for number in range(2):
            if number:
                before = portal.records("deals").keys()
                portal.change(*changes())
                gone = before - portal.records("deals").keys()
            for database in all_databases:
                database.sync(portal)
                if number == 0:
                    database.create_views()
                counts.append(Check(database, portal, findings, gone).everything())
    findings.end(
        f"{len(listed)} views in DuckDB and Postgres, {sum(counts)} rows, before and after changes"
    )


if __name__ == "__main__":
    main()
