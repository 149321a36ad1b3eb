"""PyAirbyte's connector is told to end at ten random moments; the next sync completes the data."""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

from portal import Findings, Portal
from pyairbyte_duckdb import Tables, compare, sync

from protocol import CONNECTOR, configured, run

MOMENTS = 10
STREAMS = ["companies", "contact_lists", "contacts", "deals", "email_events", "owners"]
PORTAL = (
    "--contacts=1500 --companies=500 --deals=700 --properties=0 --email-events=500 --lists=9"
    " --owners=9 --archived-share=0.1 --latency-ms=100"
).split()


def readers() -> list[int]:
    """Process ids of the connectors that read for this process."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            parent = int(folder.joinpath("stat").read_text().rsplit(")", 1)[1].split()[1])
            command = folder.joinpath("cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # It has ended meanwhile.
        if parent == os.getpid() and command[:2] == [CONNECTOR.encode(), b"read"]:
            found.append(int(folder.name))
    return found


class Killer(threading.Thread):
    """Ends the connector when it has sent so many requests to read."""

    def __init__(self, portal: Portal, requests: int) -> None:
        super().__init__(daemon=True)
        self._portal, self._requests = portal, requests
        self.killed, self.done = False, threading.Event()

    def run(self) -> None:
        begun: int | None = None
        while not self.done.is_set():
            if pids := readers():
                now = requests(self._portal)
                begun = now if begun is None else begun
                if now - begun >= self._requests:
                    os.kill(pids[0], signal.SIGTERM)
                    self.killed = True
                    return
            time.sleep(0.01)


def requests(portal: Portal) -> int:
    return int(portal.get("journal")["summary"]["requests"])


def main() -> None:
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.randrange(1_000_000)
    chance = random.Random(seed)
    findings = Findings()
    kept: list[int] = []
    with Portal(*PORTAL) as portal, tempfile.TemporaryDirectory() as folder:
        catalog = run("discover", config=portal.config).of_type("CATALOG")[0]
        streams = [stream for stream in catalog["streams"] if stream["name"] in STREAMS]
        before = requests(portal)
        whole = run("read", config=portal.config, catalog=configured(streams))
        cost = requests(portal) - before
        for number in range(2 * MOMENTS):
            # A read may end before its moment, for it does not take equally many requests.
            if len(kept) == MOMENTS:
                break
            database = f"{folder}/{number}.duckdb"
            killer = Killer(portal, chance.randrange(cost))
            killer.start()
            first = sum(sync(database, portal.config, STREAMS).values())
            killer.done.set()
            killer.join()
            if not killer.killed:
                continue
            kept.append(first)
            sync(database, portal.config, STREAMS)
            wrong = Findings()
            compare(portal, streams, Tables(database), set(), wrong)
            findings.checked += wrong.checked
            for finding in wrong:
                findings.check(False, f"moment {number}, {first} records before: {finding}")
    findings.check(len(kept) == MOMENTS, f"only {len(kept)} reads were ended before their end")
    findings.end(
        f"SIGTERM under PyAirbyte, seed {seed}: {MOMENTS} reads ended after"
        f" {', '.join(map(str, sorted(kept)))} of {sum(map(len, whole.records.values()))} records,"
        " each completed by the next"
    )


if __name__ == "__main__":
    main()
