"""The machine, its load and the versions that a benchmark's figures were measured with."""

import importlib.metadata
import os
import platform
import sqlite3

USUAL = ("django", "granian")


def told_of_here(*packages: str) -> dict[str, object]:
    """Return the machine and the versions of Python, SQLite and these packages.

    load_1m   how many processes wanted a CPU, over the last minute, as the measuring ended
    """
    versions = {name: importlib.metadata.version(name) for name in packages or USUAL}
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} CPUs",
        "load_1m": round(os.getloadavg()[0], 1),
        "versions": {
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            **versions,
        },
    }
