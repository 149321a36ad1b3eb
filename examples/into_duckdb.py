"""Writes the output of `read` into DuckDB, through PyAirbyte.

    source-hubspot read --config config.json --catalog catalog.json |
        python examples/into_duckdb.py catalog.json hubspot.duckdb

Creates a table for each stream, with the types of the catalog. A row replaces an older row with the
same primary key.
"""

import json
import os
import sys
import warnings
from pathlib import Path

os.environ.update(DO_NOT_TRACK="1", NO_LIVE_PROGRESS="1")
warnings.filterwarnings("ignore")

from airbyte._message_iterators import AirbyteMessageIterator  # noqa: E402
from airbyte.caches import DuckDBCache  # noqa: E402
from airbyte.progress import ProgressTracker  # noqa: E402
from airbyte.shared.catalog_providers import CatalogProvider  # noqa: E402
from airbyte_protocol.models import ConfiguredAirbyteCatalog  # noqa: E402

catalog_file, database = sys.argv[1:]
catalog = ConfiguredAirbyteCatalog.model_validate(json.loads(Path(catalog_file).read_text()))
cache = DuckDBCache(db_path=database)
processor = cache.get_record_processor("source-hubspot", CatalogProvider(catalog))
processor.process_airbyte_messages(
    AirbyteMessageIterator.from_stdin(),
    progress_tracker=ProgressTracker(
        source=None, cache=cache, destination=None, expected_streams=None
    ),
)
