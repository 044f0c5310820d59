"""The leash: a supervised process stops by itself when the process that started it is gone."""

import os
import signal
import threading
import time

LEASH = "SCUDERIA_LEASH"
_LOOK_EVERY_S = 1.0


def watch_parent() -> None:
    """Watch the parent from now on, if this process was started on a leash.

    A supervisor killed outright cannot stop its children; without this they would live on and
    keep the port.
    """
    if os.environ.get(LEASH):
        parent = os.getppid()
        threading.Thread(target=_watch, args=(parent,), name="leash", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY_S)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(20 * _LOOK_EVERY_S)
    os._exit(1)  # it did not stop when asked
