"""Runs the fenced code blocks of README.md, docs/*.md and sql/README.md against the simulator.

Usage: documented_commands.py [PAGE]...   (all pages if none is named)

Every block in sh, bash, python or sql is run as it stands, unless the line before it says why not:

    <!-- not run: needs a cluster -->

The blocks of a page run in order, in one working directory and one Python environment, which is empty
at the start: `pip` is uv, limited to the versions of requirements/recipes.txt. A block after

    <!-- environment: pathway -->

runs in the environment of requirements/pathway.txt instead. The directory looks like a checkout of the
repository and has `config.json` for the simulator; `source-hubspot` is on PATH, and HUBSPOT_API_URL and
HUBSPOT_ACCESS_TOKEN are set, and STREAMS, so that sync.py reads a few streams only. A block whose first line is a comment with a file name, such as
`# hubspot_dlt.py`, is saved to that file. Python blocks are then executed; SQL blocks are executed by
DuckDB on the page's database file. JSON blocks must be valid.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from portal import SMALL, Portal

from protocol import CONNECTOR

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
UV = os.environ["UV"]
# Beside the environments, so that packages are linked and not copied.
UV_CACHE = subprocess.run([UV, "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
SECONDS = 600
PAGES_AT_ONCE = 2
SHELL, PYTHON, SQL, DATA = {"sh", "bash", "shell"}, {"python", "py"}, {"sql"}, {"json"}
# For sync.py, which reads all streams otherwise.
STREAMS = "contacts,deals,owners"
# Files of a checkout that blocks may name.
CHECKOUT = ("docs", "examples", "sql", "integration_tests")

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*) *$")
MARK = re.compile(r"^<!-- (?P<kind>not run|environment): (?P<text>.*\S) -->$")
FILE = re.compile(r"^(?:#|--) (?P<name>[\w.-]+\.\w+)$")

# Runs a block in the state that the previous one left, and keeps its own for the next.
SCRIPT = """\
[ ! -e "$KEPT/exports" ] || . "$KEPT/exports"
trap 'status=$?; export -p >"$KEPT/exports"; pwd >"$KEPT/folder"; exit $status' EXIT
set -e {pipefail}
{block}
"""


@dataclass
class Block:
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    text: str
    kind: str = ""
    mark: str = ""

    @property
    def is_checked(self) -> bool:
        return self.language in SHELL | PYTHON | SQL | DATA

    @property
    def file(self) -> str | None:
        found = FILE.match(self.text.split("\n", 1)[0])
        return found["name"] if found else None

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line} {self.language}"


@dataclass
class Result:
    block: Block
    outcome: str
    has_failed: bool = False


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, with the mark in the line before each."""
    found: list[Block] = []
    lines = page.read_text().split("\n")
    number = 0
    while number < len(lines):
        opening = FENCE.match(lines[number])
        if not opening:
            number += 1
            continue
        begin, indent = number, len(opening["indent"])
        number += 1
        while lines[number].strip() != "```":
            number += 1
        text = "\n".join(line[indent:] for line in lines[begin + 1 : number]) + "\n"
        block = Block(page, begin + 1, opening["language"], text)
        above = [line.strip() for line in lines[:begin] if line.strip()]
        if above and (mark := MARK.match(above[-1])):
            block.kind, block.mark = mark["kind"], mark["text"]
        found.append(block)
        number += 1
    return found


class Page:
    """The working directory of a page and its simulated portal."""

    def __init__(self, folder: Path, portal: Portal) -> None:
        self._portal = portal
        self._folder = folder / "checkout"
        self._kept = folder / "kept"
        self._tools = folder / "tools"
        self._venv = folder / "environment"
        for made in (self._folder, self._kept, self._tools):
            made.mkdir()
        for name in CHECKOUT:
            if (source := ROOT / name).exists():
                shutil.copytree(source, self._folder / name, ignore=shutil.ignore_patterns("simulator"))
        config = {**portal.config, "enable_experimental_streams": False}
        self._folder.joinpath("config.json").write_text(json.dumps(config))
        release = self._folder / "target" / "release"
        release.mkdir(parents=True)
        for place in (release, self._tools):
            place.joinpath("source-hubspot").symlink_to(CONNECTOR)
        for name in ("pip", "pip3"):
            self._tool(name, f'exec "{UV}" pip "$@"')
        self._tool("uv", f'exec "{UV}" "$@"')
        self._tool("uvx", f'exec "{UV}" tool run "$@"')
        self._uv("venv", "--quiet", "--python", sys.executable, str(self._venv))

    def _tool(self, name: str, command: str) -> None:
        file = self._tools / name
        file.write_text(f"#!/bin/sh\n{command}\n")
        file.chmod(0o755)

    def _uv(self, *arguments: str) -> None:
        subprocess.run([UV, *arguments], check=True, capture_output=True)

    def _environment(self, block: Block) -> dict[str, str]:
        venv = self._venv
        if block.kind == "environment":
            venv = Path(os.environ[f"ENVIRONMENT_{block.mark}"])
        return {
            **{
                name: value
                for name, value in os.environ.items()
                if name.startswith(("PIP_", "UV_", "SSL_", "HTTP", "NO_PROXY", "REQUESTS_CA"))
            },
            "PATH": f"{self._tools}:{venv}/bin:{os.environ['PATH']}",
            "HOME": str(self._folder.parent),
            "UV_CACHE_DIR": UV_CACHE,
            "KEPT": str(self._kept),
            "VIRTUAL_ENV": str(venv),
            "UV_CONSTRAINT": str(HERE / "requirements" / "recipes.txt"),
            "UV_QUIET": "1",
            "STREAMS": STREAMS,
            "HUBSPOT_API_URL": self._portal.url,
            "HUBSPOT_CLOCK_OFFSET_MS": os.environ["HUBSPOT_CLOCK_OFFSET_MS"],
            "HUBSPOT_ACCESS_TOKEN": self._portal.token,
            "AIRBYTE_OFFLINE_MODE": "1",
            "DLT_DATA_DIR": str(self._folder.parent / "dlt"),
            "DO_NOT_TRACK": "1",
            "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": str(SECONDS),
            "NO_LIVE_PROGRESS": "1",
            "LANG": "C.UTF-8",
        }

    def _filled_in(self, text: str) -> str:
        """The text of a block with the reader's own values in place of its placeholders."""
        text = re.sub(r"pat-[a-z]{2}\d-(?:\.{3}|…|[xX-]+)", self._portal.token, text)
        return text.replace("/opt/hubspot", str(self._folder))

    def run(self, block: Block) -> Result:
        if block.kind == "not run":
            return Result(block, f"not run: {block.mark}")
        started = time.monotonic()
        text = self._filled_in(block.text)
        if block.file:
            self._folder.joinpath(block.file).write_text(text)
        try:
            failure = self._execute(block, text)
        except subprocess.TimeoutExpired:
            failure = f"no end after {SECONDS} s"
        if failure:
            return Result(block, f"FAILED: {failure}", has_failed=True)
        return Result(block, f"run, {time.monotonic() - started:.1f} s")

    def _execute(self, block: Block, text: str) -> str:
        """Runs a block; returns what went wrong."""
        if block.language in DATA:
            # A key with its value is a part of a configuration.
            try:
                json.loads(f"{{{text}}}" if text.startswith('"') else text)
            except ValueError as error:
                return str(error)
            return ""
        if block.language in SHELL:
            # A command before `| head` may be ended by the pipe.
            pipefail = "" if "| head" in text else "-o pipefail"
            return self._start(block, "bash", "-c", SCRIPT.format(pipefail=pipefail, block=text))
        script = self._kept / "block.py"
        if block.language in SQL:
            (database, *_) = sorted(map(str, self._folder.glob("*.duckdb"))) or [":memory:"]
            text = f"import duckdb\nprint(duckdb.connect({database!r}).sql({text!r}))\n"
        elif block.file:
            script = self._folder / block.file
        script.write_text(text)
        return self._start(block, "python", str(script))

    def _start(self, block: Block, *command: str) -> str:
        kept = self._kept / "folder"
        folder = kept.read_text().strip() if kept.exists() else str(self._folder)
        done = subprocess.run(
            command,
            cwd=folder,
            env=self._environment(block),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode:
            said = done.stdout.strip()[-3000:].replace("\n", "\n    ")
            return f"exit code {done.returncode}\n    {said}"
        return ""


def run_page(page: Path, portal: Portal) -> list[Result]:
    found = [block for block in blocks(page) if block.is_checked]
    if all(block.kind == "not run" for block in found):
        return [Result(block, f"not run: {block.mark}") for block in found]
    results: list[Result] = []
    with tempfile.TemporaryDirectory() as folder:
        made = Page(Path(folder), portal)
        for block in found:
            results.append(made.run(block))
            if results[-1].has_failed:
                # What follows may need what this block should have left.
                break
    rest = found[len(results) :]
    return results + [Result(block, "not reached", has_failed=True) for block in rest]


def main() -> None:
    named = [ROOT / name for name in sys.argv[1:]]
    sql = ROOT / "sql" / "README.md"
    pages = named or [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *([sql] if sql.exists() else [])]
    # All pages read one portal, which does not change meanwhile.
    with Portal(*SMALL) as portal, ThreadPoolExecutor(PAGES_AT_ONCE) as pool:
        results = [
            result for page in pool.map(lambda page: run_page(page, portal), pages) for result in page
        ]
    for result in results:
        print(f"   {result.block}: {result.outcome}")
    failed = sum(result.has_failed for result in results)
    run = sum(result.outcome.startswith("run") for result in results)
    if failed or not run:
        raise SystemExit(f"FAILED: {failed} of {len(results)} blocks")
    print(f"ok: {run} blocks of {len(pages)} pages run, {len(results) - run} marked as not run")


if __name__ == "__main__":
    main()
