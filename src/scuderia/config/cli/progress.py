"""Progress of long commands, stage by stage on standard error: what runs now, and how it ended."""

import sys
import time
from collections.abc import Iterable

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
