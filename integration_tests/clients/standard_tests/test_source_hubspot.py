"""The CDK's standard tests; the half that wants a Python class is given the executable."""

from __future__ import annotations

import os
import subprocess
from typing import Any

from airbyte_cdk.test import entrypoint_wrapper
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput
from airbyte_cdk.test.standard_tests.source_base import SourceTestSuiteBase


class Executable:
    """What the tests take for a connector: something with a `spec`."""

    def spec(self, logger: Any) -> None: ...


def run_executable(source: Any, args: list[str], *_: Any, **__: Any) -> EntrypointOutput:
    command = [os.environ["SOURCE_HUBSPOT"], *args]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    failed = subprocess.CalledProcessError(done.returncode, command) if done.returncode else None
    lines = done.stdout.removesuffix("\n").split("\n")
    return EntrypointOutput(messages=lines, uncaught_exception=failed, stderr=done.stderr)


entrypoint_wrapper._run_command = run_executable


class TestSourceHubspot(SourceTestSuiteBase):
    connector = Executable
