"""The standard tests of Airbyte's CDK, its warnings about catalogs taken for failures."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from portal import SMALL, Portal

from protocol import Json, configured, run

HERE = Path(__file__).parent
# Both halves: 7 tests of the executable, 6 of the image that stands in for it.
EXPECTED = 13


def lay_out(folder: Path, config: Json, empty: list[str]) -> None:
    """A connector's folder, as the tests expect it."""
    for file in HERE.joinpath("standard_tests").iterdir():
        if file.is_file():
            shutil.copy(file, folder)
    shutil.copy(HERE.parents[1] / "metadata.yaml", folder)
    wrong = {
        **config,
        "credentials": {**config["credentials"], "access_token": "pat-none-12345678"},
    }
    folder.joinpath("config.json").write_text(json.dumps(config))
    folder.joinpath("wrong.json").write_text(json.dumps(wrong))
    right = {"config_path": "config.json"}
    empty_streams = [{"name": name, "bypass_reason": "nothing in the portal"} for name in empty]
    reads = {"tests": [{**right, "empty_streams": empty_streams}]}
    connection = [{**right, "status": "succeed"}, {"config_path": "wrong.json", "status": "failed"}]
    sections = {
        "spec": {"tests": [right]},
        "connection": {"tests": connection},
        "discovery": {"tests": [right]},
        "basic_read": reads,
        "full_refresh": reads,
    }
    acceptance = {"test_strictness_level": "high", "acceptance_tests": sections}
    folder.joinpath("acceptance-test-config.yml").write_text(yaml.safe_dump(acceptance))


def main() -> None:
    with Portal(*SMALL) as portal, tempfile.TemporaryDirectory() as parent:
        streams = run("discover", config=portal.config).of_type("CATALOG")[0]["streams"]
        read = run("read", config=portal.config, catalog=configured(streams))
        empty = [stream["name"] for stream in streams if not read.records[stream["name"]]]
        folder = Path(parent, "source-hubspot")
        folder.mkdir()
        lay_out(folder, portal.config, empty)
        command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider"]
        command += ["-p", "airbyte_cdk.test.standard_tests.pytest_hooks"]
        command += ["-W", "error::airbyte_cdk.test.standard_tests.DiscoveredCatalogWarning"]
        # That one compares with what the registry holds, and waits for a network.
        command += ["-k", "not backward_compatibility", "--connector-image=any"]
        command += ["--read-from-streams=all"]
        path = f"{folder}:{os.environ['PATH']}"
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    passed = re.search(r"(\d+) passed", done.stdout)
    if done.returncode or not passed or int(passed[1]) < EXPECTED:
        raise SystemExit(f"FAILED: the standard tests\n{done.stdout[-6000:]}")
    print(
        f"ok: CDK standard tests: {passed[1]} passed, {len(empty)} of {len(streams)} streams empty"
    )


if __name__ == "__main__":
    main()
