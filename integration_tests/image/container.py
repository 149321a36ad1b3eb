"""A container of the image. It shares the network of the host, on which the simulator listens."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from protocol import Json, Output, parse

BUILDAH = shlex.split(os.environ["BUILDAH"])
IMAGE = os.environ["IMAGE"]
# Where the inputs of commands lie in the container.
GIVEN = "/secrets"


class Container:
    def __init__(self) -> None:
        self.shared = Path(tempfile.mkdtemp())
        self.shared.chmod(0o755)

    def __enter__(self) -> Container:
        self._name = self._buildah("from", IMAGE).strip()
        image = json.loads(self._buildah("inspect", "--type", "image", IMAGE))
        self.entrypoint: list[str] = image["OCIv1"]["config"]["Entrypoint"]
        return self

    def __exit__(self, *_: object) -> None:
        self._buildah("rm", self._name)
        shutil.rmtree(self.shared)

    def give(self, **inputs: Json) -> list[str]:
        """Puts JSON into files that can only be read; the arguments that name them."""
        arguments = []
        for name, value in inputs.items():
            file = self.shared / f"{name}.json"
            file.unlink(missing_ok=True)
            file.write_text(json.dumps(value))
            file.chmod(0o444)
            arguments += [f"--{name}", f"{GIVEN}/{file.name}"]
        return arguments

    def run(self, command: str, **inputs: Json) -> Output:
        """One command of the connector, as `docker run IMAGE COMMAND` starts it."""
        arguments = self.command(*self.entrypoint, command, *self.give(**inputs))
        done = subprocess.run(arguments, stdout=subprocess.PIPE, check=False)
        return parse(done.returncode, done.stdout)

    def command(self, *command: str, options: tuple[str, ...] = ()) -> list[str]:
        """How the host runs a command in the container: no rights, no environment of the host's."""
        address = os.environ.get("HUBSPOT_API_URL", "")
        arguments = ["--isolation", "chroot", "--cap-drop", "all"]
        arguments += ["--env", f"HUBSPOT_API_URL={address}"]
        arguments += ["--volume", f"{self.shared}:{GIVEN}:ro", *options]
        return [*BUILDAH, "run", *arguments, self._name, "--", *command]

    def _buildah(self, *arguments: str) -> str:
        command = [*BUILDAH, *arguments]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
