"""The image at work: its commands, and the way in which Airbyte's platform starts it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from container import GIVEN, Container
from portal import Findings, Portal

from protocol import Json, Output, configured, parse

SPEC = Path(__file__).parents[2] / "src" / "config" / "spec.json"
PORTAL = "--contacts=1200 --companies=300 --deals=400 --owners=5 --archived-share=0.1".split()
STREAMS = ["companies", "contacts", "contacts_archived", "deals", "owners"]
# The platform makes it, and starts everything in it.
FOREIGN = "/source"
PIPES = "/pipes"
# Capabilities, in hexadecimal.
NONE = f"{0:016x}"
# A script of the platform's kind: the connector writes into pipes, its end is told by a file.
START = f"""
(eval "$AIRBYTE_ENTRYPOINT read --config {GIVEN}/config.json --catalog {GIVEN}/catalog.json" \
    2>{PIPES}/stderr >{PIPES}/stdout) &
child=$!
(while kill -0 $child; do sleep 1; done 2>/dev/null) &
wait $child
echo $? >{PIPES}/ending
mv {PIPES}/ending {PIPES}/exit_code
while read -r key value; do echo "$key $value"; done </proc/$$/status >{PIPES}/status
touch {PIPES}/ended
"""


def drain(pipe: Path) -> subprocess.Popen[bytes]:
    """Reads all that comes through a pipe into a file beside it."""
    with pipe.with_suffix(".read").open("wb") as file:
        return subprocess.Popen(["cat", pipe], stdout=file)


@dataclass
class Started:
    """What came through the pipes, and the rights of the script that the connector ran in."""

    output: Output
    stderr: str
    rights: dict[str, str]


def start_as_the_platform(container: Container, config: Json, catalog: Json) -> Started:
    container.give(config=config, catalog=catalog)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        pipes = [folder / "stdout", folder / "stderr"]
        for pipe in pipes:
            os.mkfifo(pipe)
            pipe.chmod(0o666)
        options = ("--workingdir", FOREIGN, "--volume", f"{folder}:{PIPES}", "--user", "1000:1000")
        command = container.command("sh", "-c", START, options=options)
        readers = [drain(pipe) for pipe in pipes]
        script = subprocess.run(command, stderr=subprocess.PIPE, timeout=120, check=False)
        if not folder.joinpath("ended").exists():
            for reader in readers:
                reader.kill()
            raise SystemExit(f"FAILED: the start script\n{script.stderr.decode()}")
        for reader in readers:
            reader.wait()
        stdout, stderr = (pipe.with_suffix(".read") for pipe in pipes)
        code = int(folder.joinpath("exit_code").read_text())
        status = folder.joinpath("status").read_text().splitlines()
        rights = dict(line.split(": ", 1) for line in status if ": " in line)
        return Started(parse(code, stdout.read_bytes()), stderr.read_text(), rights)


def check_records(way: str, output: Output, portal: Portal, findings: Findings) -> None:
    findings.check(output.code == 0, f"{way}: exit code {output.code}, {output.errors()}")
    for stream in STREAMS:
        ids = sorted(record["id"] for record in output.records[stream])
        if stream == "owners":
            findings.check(len(ids) == 5, f"{way}: {len(ids)} owners")
            continue
        truth = sorted(portal.records(stream))
        findings.check(ids == truth, f"{way}: {len(ids)} {stream} of {len(truth)}")
        findings.check(stream in output.states, f"{way}: no state of {stream}")


def main() -> None:
    findings = Findings()
    with Portal(*PORTAL) as portal, Container() as container:
        spec = container.run("spec").of_type("SPEC")
        printed = spec[0]["connectionSpecification"]
        expected = json.loads(SPEC.read_text())
        expected = expected.get("connectionSpecification", expected)
        findings.check(printed == expected, "spec: not the one of the source")
        status = container.run("check", config=portal.config).of_type("CONNECTION_STATUS")
        findings.check(status[0]["status"] == "SUCCEEDED", f"check: {status}")
        streams = container.run("discover", config=portal.config).of_type("CATALOG")[0]["streams"]
        catalog = configured(stream for stream in streams if stream["name"] in STREAMS)
        findings.check(len(catalog["streams"]) == len(STREAMS), "discover: not all streams")
        read = container.run("read", config=portal.config, catalog=catalog)
        check_records("read", read, portal, findings)
        started = start_as_the_platform(container, portal.config, catalog)
        check_records("the platform's start", started.output, portal, findings)
        findings.check(not started.stderr, f"the platform's start says {started.stderr[:200]}")
        for right, expected in {"Uid": ["1000"] * 4, "Gid": ["1000"] * 4, "CapEff": [NONE]}.items():
            found = started.rights[right].split()
            findings.check(found == expected, f"the platform's start: {right} {found}")
    findings.end(
        f"image at work: spec, check, discover of {len(streams)} streams, read of"
        f" {sum(map(len, read.records.values()))} records; the same through Airbyte's pipes"
    )


if __name__ == "__main__":
    main()
