"""Start a throw-away PostgreSQL on a free port of 127.0.0.1, run a command on it, stop it."""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ABSENT = 3


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, Debian's newest where none is on the path."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    kept = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: path.parts[4])
    return kept[-1].parent if kept else None


@contextmanager
def throw_away_server(bin_folder: Path) -> Iterator[str]:
    """Yield the address of an empty database; nothing of it stays."""
    user = "postgres" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="scuderia-postgres-"))
    if user:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]

    def call(program: str, *words: str) -> None:
        subprocess.run(
            [bin_folder / program, *words], user=user, cwd=folder, check=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    try:
        call("initdb", "-D", "data", "-A", "trust", "-U", "scuderia", "-E", "UTF8", "--no-sync")
        listen = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off"
        call("pg_ctl", "-D", "data", "-l", "log", "-w", "-o", listen, "start")
        try:
            call("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "scuderia", "scuderia")
            yield f"postgresql://scuderia@127.0.0.1:{port}/scuderia"
        finally:
            call("pg_ctl", "-D", "data", "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main(command: list[str]) -> int:
    """Run the command with SCUDERIA_DATABASE_URL naming the server; return its exit code."""
    bin_folder = programs()
    if bin_folder is None:
        sys.stderr.write(
            "PostgreSQL is not installed: the tests on it were SKIPPED.\n"
            "  On Debian and Ubuntu: apt-get install postgresql\n"
        )
        return ABSENT if os.environ.get("SCUDERIA_POSTGRES_REQUIRED") else 0
    with throw_away_server(bin_folder) as url:
        environment = {**os.environ, "SCUDERIA_DATABASE_URL": url}
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
