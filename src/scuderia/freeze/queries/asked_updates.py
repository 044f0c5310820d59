"""An update to ask the gate for, from what was typed of it."""

from collections.abc import Sequence
from datetime import timedelta

from scuderia.basics.clock import AwareDatetime
from scuderia.freeze.engine.argocd import parse_go_duration
from scuderia.freeze.engine.wall_times import read_instant
from scuderia.freeze.nouns import AskedUpdate


def read_update(
    *,
    nodes: Sequence[str],
    update_class: str,
    start: str,
    duration: str,
    bake: str = "0s",
    rollback: str = "0s",
) -> AskedUpdate:
    """Return the update; parts of a second count whole, so that nothing is asked for too short.

    start                      date, time and zone, or an instant with Z or an offset
    duration, bake, rollback   45m, 1h30m
    raises                     UnclearInstant, UnknownTimeZone, BadDuration
    """
    return AskedUpdate(
        nodes=tuple(nodes),
        update_class=update_class,
        start=int(read_instant(start, field="start").timestamp()),
        work_s=read_seconds(duration),
        bake_s=read_seconds(bake),
        rollback_s=read_seconds(rollback),
    )


def read_length(text: str) -> timedelta:
    """Return a length of time such as 45m or 72h.

    raises   BadDuration
    """
    return parse_go_duration(text)


def read_first(text: str) -> AwareDatetime:
    """Return the instant of `--from`.

    raises   UnclearInstant, UnknownTimeZone
    """
    return read_instant(text, field="--from")


def read_bound(text: str, field: str) -> AwareDatetime | None:
    """Return an instant as people type it, with its zone; None where nothing was typed.

    raises   UnclearInstant, UnknownTimeZone
    """
    return read_instant(text, field=field) if text else None


def read_seconds(text: str) -> int:
    """Return a length of time such as 45m in whole seconds, what is left over counted whole.

    raises   BadDuration
    """
    return -int(-read_length(text).total_seconds() // 1)
