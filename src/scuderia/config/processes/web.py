"""The web process: granian's WSGI workers, serving pages and the JSON API."""

from granian import Granian
from granian.constants import Interfaces

WORKERS = 2
THREADS = 10
"""More than SCUDERIA_WRITERS_AT_ONCE: reads and the brake always find one that waits for nobody."""


def run_web(host: str, port: int, *, workers: int = WORKERS) -> None:
    """Serve until SIGTERM or SIGINT; a worker of granian's that dies is started again."""
    server = Granian(
        "scuderia.config.processes.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        backlog=512,
        backpressure=THREADS * 4,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
    )
    server.serve()
