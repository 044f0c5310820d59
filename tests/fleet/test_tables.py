"""The fleet's tables stand one file a noun, and the app knows every file."""

from pathlib import Path

from scuderia.fleet import models
from scuderia.fleet.apps import TABLES


def test_the_app_loads_every_file_that_holds_tables():
    files = {file.stem for file in Path(models.__path__[0]).glob("*.py")}
    assert files - {"__init__", "columns"} == set(TABLES)
