"""The Kubernetes manifests of docs/running/, by the schema of the API."""

from __future__ import annotations

from pathlib import Path

import kubernetes_validate
import yaml

FOLDER = Path(__file__).parents[2] / "docs" / "running"
# backoffLimitPerIndex came with it.
OLDEST = "1.29"


def main() -> None:
    count = 0
    versions = [OLDEST, kubernetes_validate.latest_version()]
    for path in sorted(FOLDER.glob("*.yaml")):
        for manifest in yaml.safe_load_all(path.read_text()):
            for version in versions:
                kubernetes_validate.validate(manifest, version, strict=True)
            count += 1
            broken = {**manifest, "spec": {**manifest["spec"], "scheduled": "no such key"}}
            try:
                kubernetes_validate.validate(broken, OLDEST, strict=True)
            except kubernetes_validate.ValidationError:
                continue
            raise SystemExit("FAILED: a manifest with an unknown key passes")
    if not count:
        raise SystemExit(f"FAILED: no manifest in {FOLDER}")
    print(f"ok: {count} manifest fits Kubernetes {' and '.join(versions)}")


if __name__ == "__main__":
    main()
