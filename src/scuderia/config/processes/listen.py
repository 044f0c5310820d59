"""Where the control room listens: this machine alone unless told otherwise, on a free port."""

import socket
import time
from collections.abc import Callable

from scuderia.basics.errors import Refused, Unable

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
DEFAULT_PORT = 8765


class NotLoopback(Refused):
    """The control room was not opened to the network."""

    code = "RUN-003"
    remedy = (
        "Add --allow-network if other machines may reach it, and put TLS in front of it;"
        " name the host in SCUDERIA_HOSTS."
    )


class PortTaken(Unable):
    """Somebody listens on that port already."""

    code = "RUN-004"
    remedy = "Choose another with --port, or stop what listens there."


def require_loopback(host: str, *, allow_network: bool) -> None:
    """Raise NotLoopback for an address that other machines can reach, unless that is wanted."""
    if host not in LOOPBACK and not allow_network:
        raise NotLoopback(f"{host} can be reached by other machines", host=host)


def require_free(host: str, port: int) -> None:
    """Raise PortTaken unless we can listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            raise PortTaken(f"cannot listen on {host}:{port}: {error.strerror}") from error


def await_answer(host: str, port: int, *, within_s: float, given_up: Callable[[], bool]) -> bool:
    """Wait until somebody answers there; say whether that came about."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline and not given_up():
        try:
            with socket.create_connection((host, port), timeout=1):
                return True
        except OSError:
            time.sleep(0.1)
    return False


def address(host: str, port: int) -> str:
    """Return what a person types into the browser."""
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
