"""An image in the layout of the Open Container Initiative, as `buildah push` writes it."""

from __future__ import annotations

import io
import json
import stat
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass
class Entry:
    """A file of the image: what kind, with which rights, whose, and what is in it."""

    kind: str
    mode: int
    owner: int
    group: int
    link: str
    content: bytes


class Image:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (reference,) = json.loads(folder.joinpath("index.json").read_bytes())["manifests"]
        self.digest: str = reference["digest"]
        manifest = json.loads(self._blob(self.digest))
        whole = json.loads(self._blob(manifest["config"]["digest"]))
        self.config: dict[str, Any] = whole["config"]
        self.layers: list[str] = [layer["digest"] for layer in manifest["layers"]]
        self.compressed: int = sum(layer["size"] for layer in manifest["layers"])
        self.entries = {name: entry for layer in self.layers for name, entry in self._read(layer)}

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(len(entry.content) for entry in self.entries.values())

    def _blob(self, digest: str) -> bytes:
        return self._folder.joinpath("blobs", *digest.split(":")).read_bytes()

    def _read(self, layer: str) -> list[tuple[str, Entry]]:
        found = []
        with tarfile.open(fileobj=io.BytesIO(self._blob(layer))) as archive:
            for member in archive:
                file = archive.extractfile(member) if member.isfile() else None
                kind = "file" if file else "link" if member.issym() else "folder"
                content = file.read() if file else b""
                mode = stat.S_IMODE(member.mode)
                entry = Entry(kind, mode, member.uid, member.gid, member.linkname, content)
                found.append((f"/{member.name.strip('./')}", entry))
        return found
