"""The gate at 1,000 zones over 100,000 nodes, beside Cedar; prints one JSON object.

    python -m benchmarks.gate [--zones 1000] [--targets 100000] [--cedar 400]

The workload is synthetic, from one seed each: 20 sites, 200 clusters, 6,250 racks of 16 nodes, 50
customers; zones over a site, clusters, racks or a customer, of 1 to 6 classes, whole days; updates
of 30 to 240 minutes. `decisions_per_cpu_s` are answers of the compiled index, best of three;
`cedar_ratio` is that over what cedarpy answers (policies and entities parsed beforehand, all in one
call); `mismatches` counts answers unlike brute force, which asks every zone. `rollout_us` is one
roll-out over all nodes; `json_signed_100k_cpu_s` is from a request's text to its signed answer.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.machine import told_of_here
from scuderia.freeze.engine.batch_answer import answer_batch
from scuderia.freeze.engine.gate import Circumstances
from scuderia.freeze.engine.zone_index import CLASS_NUMBER, ZoneIndex, compile_zones
from scuderia.freeze.nouns import UpdateClass, ZoneCover

RACKS, CLUSTERS, SITES, CUSTOMERS, RACK_NODES = 6_250, 200, 20, 50, 16
NODES = RACKS * RACK_NODES
DAY_S, HORIZON_DAYS = 86_400, 90
CLASSES = tuple(UpdateClass)[:8]
ROUNDS = 3
# Shares of the zones over a site, over clusters, over racks (the rest: a customer), added up.
SITE, CLUSTER, RACK, HALF = 0.25, 0.60, 0.85, 0.5


@dataclass(frozen=True)
class Fleet:
    """Which cluster, site and customer each rack belongs to."""

    cluster: np.ndarray
    site: np.ndarray
    customer: np.ndarray


@dataclass(frozen=True)
class Zone:
    """One zone by racks, and in Cedar's words; bounds in seconds of the horizon."""

    racks: np.ndarray
    said: str
    classes: tuple[int, ...]
    start: int
    end: int


def make_fleet() -> Fleet:
    rack = np.arange(RACKS)
    cluster = rack * CLUSTERS // RACKS
    customer = np.random.default_rng(724).integers(0, CUSTOMERS, RACKS)
    return Fleet(cluster, cluster * SITES // CLUSTERS, customer)


def make_zones(fleet: Fleet, count: int) -> list[Zone]:
    rng = np.random.default_rng(1)
    return [make_zone(fleet, rng) for _ in range(count)]


def make_zone(fleet: Fleet, rng: np.random.Generator) -> Zone:
    held, said, may_name_customer = made_scope(fleet, rng)
    if may_name_customer and rng.random() < HALF:
        customer = int(rng.integers(0, CUSTOMERS))
        held, said = (
            held & (fleet.customer == customer),
            f"{said} && resource.customer == {customer}",
        )
    classes = rng.choice(len(CLASSES), size=int(rng.integers(1, 7)), replace=False)
    start = int(rng.integers(0, HORIZON_DAYS * DAY_S))
    end = start + int(rng.integers(1, 15)) * DAY_S
    return Zone(np.flatnonzero(held), said, tuple(map(int, classes)), start, end)


def made_scope(fleet: Fleet, rng: np.random.Generator) -> tuple[np.ndarray, str, bool]:
    """Return the racks held, the same as a condition, and whether a customer may narrow them."""
    kind = rng.random()
    if kind < SITE:
        site = int(rng.integers(0, SITES))
        return fleet.site == site, f"resource.site == {site}", True
    if kind < CLUSTER:
        clusters = rng.choice(CLUSTERS, size=int(rng.integers(1, 4)), replace=False).tolist()
        return np.isin(fleet.cluster, clusters), f"{clusters}.contains(resource.cluster)", True
    if kind < RACK:
        inside = np.flatnonzero(fleet.cluster == rng.integers(0, CLUSTERS))
        size = min(int(rng.integers(1, 11)), inside.size)
        racks = rng.choice(inside, size=size, replace=False).tolist()
        return np.isin(np.arange(RACKS), racks), f"{racks}.contains(resource.rack)", False
    customer = int(rng.integers(0, CUSTOMERS))
    return fleet.customer == customer, f"resource.customer == {customer}", False


def make_updates(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return nodes, classes, starts and ends, each of shape (count,)."""
    rng = np.random.default_rng(2)
    nodes = rng.permutation(NODES)[:count]
    classes = rng.integers(0, len(CLASSES), count)
    starts = rng.integers(0, HORIZON_DAYS * DAY_S // 60, count) * 60
    return nodes, classes, starts, starts + rng.integers(30, 241, count) * 60


def brute_force(zones: list[Zone], updates: tuple[np.ndarray, ...]) -> np.ndarray:
    """Ask every zone of every update."""
    nodes, classes, starts, ends = updates
    denied = np.zeros(nodes.size, dtype=bool)
    for zone in zones:
        held = np.zeros(RACKS, dtype=bool)
        held[zone.racks] = True
        denied |= (
            held[nodes // RACK_NODES]
            & np.isin(classes, zone.classes)
            & (starts < zone.end)
            & (ends > zone.start)
        )
    return denied


def covers(zones: list[Zone]) -> list[ZoneCover]:
    return [
        ZoneCover(
            f"zone-{at}",
            frozenset(
                f"node-{rack * RACK_NODES + slot}"
                for rack in zone.racks.tolist()
                for slot in range(RACK_NODES)
            ),
            frozenset(CLASSES[one] for one in zone.classes),
            ((zone.start, zone.end),),
        )
        for at, zone in enumerate(zones)
    ]


def best_cpu_s(call: Callable[[], object], rounds: int = ROUNDS) -> float:
    taken = []
    for _ in range(rounds):
        begun = time.process_time()
        call()
        taken.append(time.process_time() - begun)
    return min(taken)


def single_us(index: ZoneIndex, updates: tuple[np.ndarray, ...]) -> tuple[float, float]:
    """Return the median and the 99th percentile of one decision, by this thread's CPU time."""
    nodes, classes, starts, ends = (column[:20_000].tolist() for column in updates)
    taken = []
    for node, kind, start, end in zip(nodes, classes, starts, ends, strict=True):
        update_class = CLASSES[kind]
        begun = time.perf_counter_ns()
        index.is_closed(node, update_class, start, end)
        taken.append(time.perf_counter_ns() - begun)
    return float(np.percentile(taken, 50)) / 1e3, float(np.percentile(taken, 99)) / 1e3


def cedar_denied(
    fleet: Fleet, zones: list[Zone], updates: tuple[np.ndarray, ...], count: int
) -> tuple[np.ndarray, float]:
    """Return what cedarpy denies of the first `count` updates, and its CPU seconds.

    One `forbid` a zone in the words of its scope; policies and entities are parsed beforehand.
    """
    import cedarpy

    nodes, classes, starts, ends = (column[:count].tolist() for column in updates)
    policies = cedarpy.PolicySet.from_str(
        "permit(principal, action, resource);\n"
        + "\n".join(
            f"forbid(principal, action, resource) when {{ {zone.said}"
            f" && {list(zone.classes)}.contains(context.kind)"
            f" && context.start < {zone.end} && context.end > {zone.start} }};"
            for zone in zones
        )
    )
    entities = cedarpy.Entities.from_json_str(
        json.dumps([cedar_node(fleet, node) for node in nodes])
    )
    requests = [
        {
            "principal": 'User::"deployer"',
            "action": 'Action::"update"',
            "resource": f'Node::"{node}"',
            "context": {"kind": kind, "start": start, "end": end},
        }
        for node, kind, start, end in zip(nodes, classes, starts, ends, strict=True)
    ]
    begun = time.process_time()
    answers = cedarpy.is_authorized_batch(requests, policies, entities)
    taken = time.process_time() - begun
    return ~np.array([answer.allowed for answer in answers]), taken


def cedar_node(fleet: Fleet, node: int) -> dict[str, object]:
    rack = node // RACK_NODES
    places = {"site": fleet.site, "cluster": fleet.cluster, "customer": fleet.customer}
    attrs = {name: int(column[rack]) for name, column in places.items()}
    return {
        "uid": {"type": "Node", "id": str(node)},
        "attrs": attrs | {"rack": rack},
        "parents": [],
    }


def rollout_us(index: ZoneIndex) -> float:
    """Return the median of fifty roll-outs of two hours over every node."""
    taken = []
    for at in range(50):
        begun = time.perf_counter_ns()
        index.closed_nodes(CLASSES[at % len(CLASSES)], at * DAY_S, at * DAY_S + 7_200)
        taken.append((time.perf_counter_ns() - begun) / 1e3)
    return float(np.median(taken))


def question(updates: tuple[np.ndarray, ...]) -> bytes:
    """Return the request's text, one object a target."""
    rows = zip(*(column.tolist() for column in updates), strict=True)
    targets = [
        {"node": f"node-{node}", "update_class": CLASSES[kind].value, "start": start, "end": end}
        for node, kind, start, end in rows
    ]
    return json.dumps({"targets": targets}).encode()


def measured(told: argparse.Namespace) -> dict[str, object]:
    fleet = make_fleet()
    zones = make_zones(fleet, told.zones)
    updates = make_updates(told.targets)
    held, names = covers(zones), [f"node-{at}" for at in range(NODES)]
    begun = time.process_time()
    index = compile_zones(held, names)
    compile_s = time.process_time() - begun
    del held
    numbers = np.array([CLASS_NUMBER[one] for one in CLASSES])
    asked = (updates[0], numbers[updates[1]], updates[2], updates[3])
    denied = brute_force(zones, updates)
    decide_s = best_cpu_s(lambda: index.closed(*asked))
    text, key = question(updates), Ed25519PrivateKey.generate()
    live = Circumstances(now=0)
    signed_s = best_cpu_s(lambda: answer_batch(index, text, live, key, issuer="benchmark"))
    answer = json.loads(answer_batch(index, text, live, key, issuer="benchmark"))
    p50, p99 = single_us(index, updates)
    found: dict[str, object] = {
        "zones": told.zones,
        "nodes": NODES,
        "targets": told.targets,
        "denied": int(denied.sum()),
        "mismatches": int((index.closed(*asked) != denied).sum())
        + int((~np.array(answer["allowed"]) != denied).sum()),
        "decisions_per_cpu_s": round(told.targets / decide_s),
        "compile_s": round(compile_s, 3),
        "rollout_us": round(rollout_us(index), 1),
        "single_p50_us": round(p50, 2),
        "single_p99_us": round(p99, 2),
        "json_signed_100k_cpu_s": round(signed_s * 100_000 / told.targets, 3),
        "json_request_mb": round(len(text) / 1e6, 1),
    }
    if told.cedar:
        theirs, cedar_s = cedar_denied(fleet, zones, updates, told.cedar)
        found["cedar_targets"] = told.cedar
        found["cedar_mismatches"] = int((theirs != denied[: told.cedar]).sum())
        found["cedar_decisions_per_cpu_s"] = round(told.cedar / cedar_s)
        found["cedar_ratio"] = round(told.targets / decide_s / (told.cedar / cedar_s))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--zones", type=int, default=1_000)
    parser.add_argument("--targets", type=int, default=100_000)
    parser.add_argument("--cedar", type=int, default=400, help="updates put to cedarpy; 0: none")
    told = parser.parse_args()
    packages = ("numpy", "cryptography", *(("cedarpy",) if told.cedar else ()))
    print(json.dumps(measured(told) | told_of_here(*packages), indent=2))


if __name__ == "__main__":
    main()
