"""Backups that are killed while they are made, and what is held against them at the end."""

import random
import signal
import subprocess
from pathlib import Path

from benchmarks.crash.stage import CLI, Stage
from benchmarks.homes import Home


def kill_backup(stage: Stage, chance: random.Random) -> bool:
    """Make a backup and kill it somewhere in it; say whether it was still being made."""
    file = folder_of(stage) / f"{len(stage.backups)}.tar"
    process = stage.started("backup", str(file))
    try:
        process.wait(timeout=chance.uniform(1.5, 8.0))
    except subprocess.TimeoutExpired:
        process.kill()
    stage.backups[str(file)] = process.wait() == 0
    return process.returncode == -signal.SIGKILL


def account_backups(stage: Stage) -> dict[str, list[str]]:
    """Make one more backup and restore it elsewhere; return what is not as it must be.

    lost      backups that were acknowledged and do not read back whole, and the last one where it
              does not restore to a home whose audit holds
    in_part   files that a killed backup left under the name of a whole one
    """
    file = folder_of(stage) / "last.tar"
    stage.backups[str(file)] = succeeds(stage.home, "backup", str(file))
    lost = [name for name, was in stage.backups.items() if was and not is_whole(stage, name)]
    in_part = [
        name
        for name, was in stage.backups.items()
        if not was and Path(name).exists() and not is_whole(stage, name)
    ]
    other = Home(folder_of(stage) / "restored", database_url=other_tables(stage.home))
    if not (
        stage.backups[str(file)]
        and succeeds(other, "restore", str(file))
        and succeeds(other, "audit", "verify")
    ):
        lost.append(str(file))
    return {"lost": lost, "in_part": in_part}


def other_tables(home: Home) -> str:
    """Return the address of an empty database beside the home's; "" where its tables are a file."""
    if not home.database_url:
        return ""
    import psycopg

    with psycopg.connect(home.database_url, autocommit=True) as server:
        server.execute("CREATE DATABASE restored")
    return f"{home.database_url.rpartition('/')[0]}/restored"


def folder_of(stage: Stage) -> Path:
    """Return where the stage's backups are, made when first asked for."""
    folder = stage.home.path.parent / "backups"
    folder.mkdir(exist_ok=True)
    return folder


def is_whole(stage: Stage, name: str) -> bool:
    """Say whether the backup reads back whole."""
    return succeeds(stage.home, "backup", "--check", name)


def succeeds(home: Home, *words: str) -> bool:
    """Run one command to its end and say whether it did what it was told."""
    done = subprocess.run(  # noqa: S603 - ours
        [*CLI, *words], env=home.environment, capture_output=True, check=False
    )
    return done.returncode == 0
