"""Airbyte's Python connector, sent to HUBSPOT_API_URL: its host stands fixed in its files."""

from __future__ import annotations

import os
from typing import Any

import requests

HOST = "https://api.hubapi.com"
send = requests.adapters.HTTPAdapter.send


def send_elsewhere(
    self: requests.adapters.HTTPAdapter, request: requests.PreparedRequest, *rest: Any, **named: Any
) -> requests.Response:
    if request.url and request.url.startswith(HOST) and "HUBSPOT_API_URL" in os.environ:
        request.url = os.environ["HUBSPOT_API_URL"] + request.url.removeprefix(HOST)
    return send(self, request, *rest, **named)


requests.adapters.HTTPAdapter.send = send_elsewhere  # type: ignore[method-assign]

if __name__ == "__main__":
    from source_hubspot.run import run

    run()
