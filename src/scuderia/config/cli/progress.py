"""Progress of long commands, stage by stage on standard error: what runs now, and how it ended."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from scuderia.config.setup import Stage


def show_stages(stages: Iterable[Stage], *, quiet: bool = False) -> dict[str, str]:
    """Run the stages in order, showing each with its seconds; return their results by name."""
    results: dict[str, str] = {}
    for stage in stages:
        began = time.monotonic()
        if not quiet and sys.stderr.isatty():
            _show(f"  {stage.name:<16} ...\r")
        results[stage.name] = stage.run()
        if not quiet:
            took_s = time.monotonic() - began
            _show(f"  {stage.name:<16} {results[stage.name]}  ({took_s:.1f} s)\n")
    return results


def _show(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


@contextmanager
def tell_steps(*, quiet: bool = False) -> Iterator[Callable[[str, str], None]]:
    """Yield what shows the steps of a long command: a line each, told over while it lasts."""
    shown = ""
    over = sys.stderr.isatty()

    def tell(step: str, words: str) -> None:
        nonlocal shown
        if quiet or (step == shown and not over):
            return
        if over:
            _show("\n" if step != shown and shown else "")
            _show(f"\r  {step:<22} {words:<40}")
        else:
            _show(f"  {step:<22} {words}\n")
        shown = step

    try:
        yield tell
    finally:
        _show("\n" if shown and over else "")
