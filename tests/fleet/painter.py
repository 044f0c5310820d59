"""The naive ledger: paints every GPU of every node second by second. Written apart from it."""

from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from scuderia.fleet.engine.facts import FleetFacts
from scuderia.fleet.nouns import LedgerClass

PHASES_STRONGEST_FIRST = (
    LedgerClass.WAITING_PARTS,
    LedgerClass.IN_REPAIR,
    LedgerClass.VALIDATING,
)


def paint(facts: FleetFacts, start: int, end: int):
    """Return, for each node and second on the books, (second, GPUs by class, holder, GPUs over).

    `GPUs over` are in planned work, and were lost to a fault that began before that work.
    """
    painted = {}
    for row, node in enumerate(facts.nodes):
        outages = [fact for fact in facts.outages if fact.node == row]
        holds = [fact for fact in facts.holds if fact.node == row]
        phases = [fact for fact in facts.phases if fact.node == row]
        began = {planned: begins(outages, planned) for planned in (True, False)}
        seen = {}
        painted[node.name] = []
        last = end if node.active_to is None else min(end, node.active_to)
        for second in range(max(start, node.active_from), last):
            active = [fact for fact in outages if lasts(fact, second)]
            repairs = [fact.kind for fact in phases if lasts(fact, second)]
            holder = [facts.customers[f.customer].name for f in holds if lasts(f, second)]
            old = began[False].get(second, second) < began[True].get(second, second)
            case = (tuple(map(id, active)), tuple(repairs), bool(holder), old)
            if case not in seen:
                seen[case] = gpus_by_class(active, repairs, bool(holder), old, node.gpus)
            classes, over = seen[case]
            painted[node.name].append((second, classes, holder[0] if holder else None, over))
    return painted


def lasts(fact, second) -> bool:
    return fact.start <= second and (fact.end is None or second < fact.end)


def begins(outages, planned):
    """Return, for each second, when the stay began that it belongs to: touching ones are one."""
    began = {}
    first, reached = None, None
    mine = [fact for fact in outages if fact.planned is planned]
    for fact in sorted(mine, key=lambda fact: fact.start):
        end = 2_000_000_000 if fact.end is None else fact.end
        if first is None or fact.start > reached:
            first, reached = fact.start, end
        reached = max(reached, end)
        for second in range(fact.start, min(end, fact.start + 2_000)):
            began[second] = min(first, began.get(second, first))
    return began


def gpus_by_class(active, repairs, held, old, size):
    """Give every GPU of a node a class; GPUs that nobody named are the named ones, else any."""
    works = [fact for fact in active if fact.planned]
    faults = [fact for fact in active if not fact.planned]
    order = sorted({i for fact in works for i in fact.gpu_indices})
    order += sorted({i for fact in faults for i in fact.gpu_indices} - {*order})
    order = [index for index in order if index < size]
    order += [index for index in range(size) if index not in order]
    in_work = taken(works, order, size)
    lost = taken(active, order, size)
    hurt = len(taken(faults, order_of(faults, order), size))
    if not active and repairs:
        lost, hurt = set(order), size
    broken = next((kind for kind in PHASES_STRONGEST_FIRST if kind in repairs), None)
    classes = Counter()
    for gpu in order:
        if gpu in in_work:
            classes[LedgerClass.PLANNED.value] += 1
        elif gpu in lost:
            classes[(broken or LedgerClass.UNPLANNED).value] += 1
        else:
            classes[(LedgerClass.SERVING if held else LedgerClass.IDLE_SPARE).value] += 1
    over = len(in_work) + hurt - len(lost) if old and works and faults else 0
    return dict(classes), over


def order_of(facts, order):
    mine = {index for fact in facts for index in fact.gpu_indices}
    return sorted(order, key=lambda index: index not in mine)


def taken(facts, order, size):
    """Return the GPUs that these take: all that are named, and as many as one of them counts."""
    gpus = {index for fact in facts for index in fact.gpu_indices if index < size}
    wanted = max((size if f.gpus_lost is None else f.gpus_lost for f in facts), default=0)
    for gpu in order:
        if len(gpus) >= min(wanted, size):
            break
        gpus.add(gpu)
    return gpus


def local_date(second: int, zone: str):
    return datetime.fromtimestamp(second, UTC).astimezone(ZoneInfo(zone)).date()
