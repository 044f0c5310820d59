"""The leash: a supervised process does not outlive the process that started it."""

import ctypes
import os
import signal
import sys
import threading
import time

LEASH = "SCUDERIA_LEASH"
_LOOK_EVERY_S = 0.5
_GRACE_S = 15
_ASKED_MAX = 60
_PR_SET_PDEATHSIG = 1


def pid_to_watch() -> str:
    """Return the leash's value for processes that this one starts: its own pid.

    The pid is handed down, and not read from the child's parent: a parent that dies while its
    child still imports is no longer the child's parent when it first looks. On Linux the parent
    is the thread that starts the child: it must stay for as long as the child is wanted.
    """
    return str(os.getpid())


def watch_by_children() -> None:
    """Have whatever this process forks from now on stop when it is gone."""
    os.environ[LEASH] = pid_to_watch()


def watch_parent() -> None:
    """Have this process end with its parent, if it was started on a leash.

    A supervisor killed outright cannot stop its children; without this they would live on and
    keep the port. To be called in every process anew: a fork does not inherit it.
    """
    named = os.environ.get(LEASH, "")
    if named:
        parent = int(named) if named.isdecimal() and named != "1" else os.getppid()
        _end_by_kernel()
        threading.Thread(target=_watch, args=(parent,), name="leash", daemon=True).start()


def _end_by_kernel() -> None:
    """Have Linux kill this process as soon as its parent dies: who hangs cannot look by itself.

    A parent that was gone before this call, and other systems, are left to the thread.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY_S)
    signal.alarm(_GRACE_S)  # the kernel's: it ends also who waits for ever with Python's lock held
    for _ in range(_ASKED_MAX):  # more than once: who still starts may not have heard the first
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_LOOK_EVERY_S)
    os._exit(1)  # it did not stop when asked
