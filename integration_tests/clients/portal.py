"""A simulated HubSpot account and its truth, and findings about it: what all checks share.

Nothing but the standard library, because every client has an environment of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

from protocol import Json

SIMULATOR = os.environ["HUBSPOT_SIMULATOR"]

# A portal in which nearly every stream has records, and none many.
SMALL = (
    "--contacts=120 --companies=60 --deals=80 --tickets=40 --owners=5 --properties=12"
    " --other=all=4 --other=calls=30 --other=meetings=30 --other=line_items=25"
    " --custom=boats=9 --custom=harbours=9 --archived-share=0.1"
    " --lists=4 --largest-list=40 --forms=4 --form-submissions=5 --busiest-form=60"
    " --marketing-emails=9 --marketing-campaigns=3 --email-campaigns=4 --email-events=120"
    " --subscription-changes=40 --events=2500"
).split()

# Streams whose object type goes by another name in HubSpot.
OBJECTS = {
    f"engagements_{name}": name for name in ("calls", "emails", "meetings", "notes", "tasks")
}
OBJECTS["goals"] = "goal_targets"


class Portal:
    """A running simulator. Its clock starts two hours ago: that of other connectors is ahead of it."""

    def __init__(self, *options: str, **settings: Any) -> None:
        # What is not the matter here is out of the way: tests beside this one are about quotas.
        settings = {"quota_factor": 50, "index_lag_ms": [0, 0], **settings}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(settings, file)
            file.flush()
            start_ms = int(time.time() - 7_200) * 1_000
            self._process = subprocess.Popen(
                [SIMULATOR, f"--settings={file.name}", f"--start-ms={start_ms}", *options],
                stderr=subprocess.PIPE,
                text=True,
            )
            assert self._process.stderr
            told = json.loads(self._process.stderr.readline())
        self.url: str = told["url"]
        self.token: str = told["token"]
        self.start_date = "2006-06-01T00:00:00Z"

    def __enter__(self) -> Portal:
        os.environ["HUBSPOT_API_URL"] = self.url
        self._share_clock()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    @property
    def config(self) -> Json:
        return {
            "credentials": {
                "credentials_title": "Private App Credentials",
                "access_token": self.token,
            },
            "start_date": self.start_date,
            "enable_experimental_streams": True,
        }

    def get(self, endpoint: str, **query: str) -> Any:
        return self._ask(f"{endpoint}?{urllib.parse.urlencode(query)}", None)

    def change(self, *changes: Json) -> None:
        """Lets changes happen now, and ten minutes pass."""
        self._ask("changes", list(changes))
        self.advance(minutes=10)

    def spoil(self, *faults: Json) -> None:
        """Lets answers go wrong from now on."""
        self._ask("faults", list(faults))

    def mend(self) -> None:
        """Takes all faults away."""
        request = urllib.request.Request(f"{self.url}/_simulator/faults", method="DELETE")
        urllib.request.urlopen(request).close()

    def advance(self, minutes: float) -> None:
        self._ask("clock", {"advance_ms": int(minutes * 60_000)})
        self._share_clock()

    def _share_clock(self) -> None:
        """Gives the connector the portal's clock: it reports one that differs from its machine's."""
        offset_ms = self.get("clock")["now_ms"] - int(time.time() * 1_000)
        os.environ["HUBSPOT_CLOCK_OFFSET_MS"] = str(offset_ms)

    def records(self, stream: str) -> dict[str, Json]:
        """The truth behind a stream of CRM objects: its records, by id."""
        name = stream.removesuffix("_archived")
        archived = {"archived": "true"} if stream != name else {}
        found = self.get("records", object=OBJECTS.get(name, name), **archived)
        return {record["id"]: record for record in found}

    def changed(self, stream: str, old: dict[str, Json]) -> set[str]:
        """Ids of the records that are new or of another date than in an older truth."""
        now = self.records(stream)
        return {id for id in now if now[id]["modified_ms"] != old.get(id, {}).get("modified_ms")}

    def has_objects(self, stream: str) -> bool:
        """Does the stream hold CRM objects? `users` does not, though they are an object type."""
        name = stream.removesuffix("_archived")
        return name != "users" and OBJECTS.get(name, name) in self.get("portal")["objects"]

    def _ask(self, endpoint: str, body: Any) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_simulator/{endpoint}", data)
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise SystemExit(f"the simulator refuses {endpoint}: {error.read().decode()}") from None


def changes() -> list[Json]:
    """A bit of everything that happens in an account."""
    few = {"sample": {"share": 0.1, "seed": 7}}
    objects = (
        "contacts",
        "companies",
        "deals",
        "tickets",
        "calls",
        "boats",
        "products",
        "goal_targets",
    )
    return [
        *({"kind": "modify", "object": name, "records": few} for name in objects),
        *({"kind": "create", "object": name, "count": 3} for name in objects),
        {"kind": "archive", "object": "deals", "records": {"sample": {"share": 0.05, "seed": 3}}},
        {"kind": "create_form"},
        {"kind": "create_list", "name": "A new list", "object": "contacts"},
        {"kind": "create_marketing_email"},
        {"kind": "email_events", "event_type": "OPEN", "count": 5, "delay_ms": 0},
        {"kind": "change_subscriptions", "count": 4},
    ]


class Findings:
    """What is wrong; a check collects all of it before it fails."""

    def __init__(self) -> None:
        self.checked = 0
        self._found: list[str] = []

    def check(self, holds: bool, finding: str) -> None:
        self.checked += 1
        if not holds:
            self._found.append(finding)

    def end(self, summary: str) -> None:
        """Says what was checked, in one line, or fails with everything that was found."""
        if self._found:
            shown = "\n  ".join(self._found[:40])
            raise SystemExit(f"FAILED: {len(self._found)} of {self.checked} checks\n  {shown}")
        print(f"ok: {summary}; {self.checked} checks")

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)
