"""The wheel: its contents and size; installed without an index, and read through by its clients."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
import venv
import warnings
import zipfile
from pathlib import Path

from portal import SMALL, Findings, Portal

from protocol import Json

warnings.filterwarnings("ignore")
import airbyte as ab  # noqa: E402
import dagster as dg  # noqa: E402
import dlt  # noqa: E402

ROOT = Path(__file__).parents[2]
MB = 1_000_000
LARGEST = 6 * MB
STREAM = "contacts"
QUIET = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}
CATALOG = {"streams": [{"stream": {"name": STREAM}, "sync_mode": "full_refresh"}]}


def check_contents(wheel: Path, findings: Findings) -> str:
    """Returns the size of the wheel and the platform that it is for."""
    size = wheel.stat().st_size
    findings.check(size <= LARGEST, f"the wheel has {size / MB:.1f} MB")
    manifest = tomllib.loads(ROOT.joinpath("Cargo.toml").read_text())["workspace"]["package"]
    name, version, python, abi, platform = wheel.stem.split("-")
    findings.check(version == manifest["version"], f"the wheel has the version {version}")
    findings.check((python, abi) == ("py3", "none"), f"the wheel is for {python}-{abi} only")
    with zipfile.ZipFile(wheel) as archive:
        files = [file for file in archive.namelist() if ".dist-info/" not in file]
        metadata = archive.read(f"{name}-{version}.dist-info/METADATA").decode()
    program = f"{name}-{version}.data/scripts/source-hubspot"
    findings.check(files == [program], f"the wheel contains {files}")
    findings.check("\nRequires-Dist:" not in metadata, "the wheel has dependencies")
    return f"{size / MB:.1f} MB for {platform}"


def install(wheel: Path, folder: Path, files: dict[str, Path]) -> tuple[Path, float]:
    """Installs the wheel without an index; returns its scripts, and seconds to the first record."""
    venv.create(folder, with_pip=True)
    scripts = folder / "bin"
    started = time.monotonic()
    pip = [str(scripts / "pip"), "install", "--quiet", "--no-index", str(wheel)]
    subprocess.run(pip, check=True)
    read = [str(scripts / "source-hubspot"), "read"]
    read += [argument for name, file in files.items() for argument in (f"--{name}", str(file))]
    with subprocess.Popen(read, stdout=subprocess.PIPE) as process:
        assert process.stdout
        found = any(b'"type":"RECORD"' in line for line in process.stdout)
        seconds = time.monotonic() - started
        process.stdout.read()
    if not found or process.returncode:
        raise SystemExit(f"FAILED: read ended with {process.returncode}")
    return scripts, seconds


def read_in_shell(files: dict[str, Path]) -> set[str]:
    command = f"source-hubspot read --config {files['config']} --catalog {files['catalog']}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    messages = map(json.loads, done.stdout.splitlines())
    return {message["record"]["data"]["id"] for message in messages if message["type"] == "RECORD"}


def read_with_uvx(wheel: Path, files: dict[str, Path]) -> set[str]:
    command = [os.environ["UV"], "tool", "run", "--offline", "--from", str(wheel), "source-hubspot"]
    command += ["read", "--config", str(files["config"]), "--catalog", str(files["catalog"])]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    messages = map(json.loads, done.stdout.splitlines())
    return {message["record"]["data"]["id"] for message in messages if message["type"] == "RECORD"}


def read_with_pyairbyte(config: Json, folder: Path, **place: object) -> set[str]:
    noise = io.StringIO()
    with contextlib.redirect_stdout(noise), contextlib.redirect_stderr(noise):
        source = ab.get_source("source-hubspot", config=config, streams=[STREAM], **place)
        cache = ab.caches.DuckDBCache(db_path=folder / "pyairbyte.duckdb", cleanup=False)
        result = source.read(cache=cache, force_full_refresh=True)
        return {row["id"] for row in result[STREAM]}


def read_with_dagster(files: dict[str, Path]) -> set[str]:
    @dg.asset
    def contacts() -> list[str]:
        return sorted(read_in_shell(files))

    result = dg.materialize([contacts], run_config=QUIET)
    return set(result.output_for_node("contacts"))


def read_with_dlt(files: dict[str, Path], folder: Path) -> set[str]:
    @dlt.resource(name=STREAM, primary_key="id", write_disposition="merge")
    def records():
        command = ["source-hubspot", "read", "--config", files["config"], "--catalog", files["catalog"]]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as read:
            for message in map(json.loads, read.stdout):
                if message["type"] == "RECORD":
                    yield {"id": message["record"]["data"]["id"]}

    pipeline = dlt.pipeline(
        "wheel",
        destination=dlt.destinations.duckdb(str(folder / "dlt.duckdb")),
        dataset_name="hubspot",
        pipelines_dir=str(folder / "dlt"),
    )
    pipeline.run(records())
    with pipeline.sql_client() as client:
        return {row[0] for row in client.execute_sql(f"SELECT id FROM {STREAM}")}


def main() -> None:
    findings = Findings()
    (wheel,) = Path(os.environ["WHEELS"]).glob("source_hubspot_rs-*.whl")
    summary = check_contents(wheel, findings)
    with Portal(*SMALL) as portal, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Whatever is installed here comes from the wheel.
        os.environ.update(HOME=name, PIP_NO_INDEX="1", UV_OFFLINE="1")
        files = {"config": folder / "config.json", "catalog": folder / "catalog.json"}
        files["config"].write_text(json.dumps(portal.config))
        files["catalog"].write_text(json.dumps(CATALOG))
        scripts, seconds = install(wheel, folder / "bare", files)
        expected = set(portal.records(STREAM))
        from_wheel = {"pip_url": str(wheel), "install_if_missing": True, "install_root": folder}
        readers = {
            "uvx": lambda: read_with_uvx(wheel, files),
            "PyAirbyte, pip_url": lambda: read_with_pyairbyte(portal.config, folder, **from_wheel),
        }
        # From here on, the program is found on PATH.
        on_path = {
            "a shell": lambda: read_in_shell(files),
            "PyAirbyte, PATH": lambda: read_with_pyairbyte(
                portal.config, folder, local_executable="source-hubspot"
            ),
            "Dagster": lambda: read_with_dagster(files),
            "dlt": lambda: read_with_dlt(files, folder),
        }
        # PyAirbyte takes its installer from the environment that it is in.
        for place, group in ((Path(sys.executable).parent, readers), (scripts, on_path)):
            os.environ["PATH"] = f"{place}:{os.environ['PATH']}"
            for client, read in group.items():
                found = read()
                findings.check(found == expected, f"{client}: {len(found)} of {len(expected)}")
        program = subprocess.run(["source-hubspot", "--version"], capture_output=True, text=True)
        findings.check(bool(re.search(r"\d+\.\d+\.\d+", program.stdout)), program.stdout)
    findings.end(
        f"wheel: {summary}; {seconds:.1f} s from pip install to the first record;"
        f" read by {', '.join([*readers, *on_path])}"
    )


if __name__ == "__main__":
    main()
