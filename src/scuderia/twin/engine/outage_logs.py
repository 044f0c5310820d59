"""Build an outage log from intervals: merge what overlaps on a node, clip what is still open."""

from collections.abc import Iterable, Sequence

import numpy as np

from scuderia.twin.nouns import BadLog, OutageLog


def merge_spans(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return one node's spans with those that overlap or touch made one, in order."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def log_of_spans(
    spans: Sequence[Sequence[tuple[int, int]]], *, horizon_s: int, names: tuple[str, ...] = ()
) -> OutageLog:
    """Return the log in which node i was out over spans[i], any order, overlaps allowed."""
    rows = sorted(
        (start, node, end)
        for node, of_node in enumerate(spans)
        for start, end in merge_spans(of_node)
    )
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    start, node, end = (np.ascontiguousarray(table[:, at]) for at in range(3))
    return OutageLog(node, start, end, len(spans), horizon_s, names)


def live_log(
    outages: Iterable[tuple[str, int, int | None]], *, nodes: Sequence[str], horizon_s: int
) -> OutageLog:
    """Return the log of a living fleet: open outages end at the horizon, old ones begin at zero.

    outages   (node, start, end or None while it lasts), whole seconds since the log's midnight
    nodes     every node of the fleet, broken or not, each once
    raises    BadLog: an unknown or doubled node, an outage that ends before it begins
    """
    numbers = {name: number for number, name in enumerate(nodes)}
    if len(numbers) != len(nodes):
        raise BadLog("A node stands in the fleet twice.", remedy="Give every node once.")
    spans: list[list[tuple[int, int]]] = [[] for _ in nodes]
    for record, (name, start, end) in enumerate(outages):
        until = horizon_s if end is None else end
        if name not in numbers or (end is not None and end < start):
            raise BadLog(
                f"Outage {record} of node {name[:80]!r} is of no node here or ends too early.",
                remedy="Give the fleet every node in the log, and each outage its end after start.",
            )
        if start < horizon_s and until >= 0:
            spans[numbers[name]].append((max(start, 0), min(until, horizon_s)))
    return log_of_spans(spans, horizon_s=horizon_s, names=tuple(nodes))
