"""One node of the embedded fleet: its state, its repair schedule and its wear. No file, no clock.

Every instant is a whole second since 1970 in UTC, so that two accounts of the same history can
be compared to the second.
"""

from dataclasses import dataclass, field

from scuderia.connectors.embedded import faults
from scuderia.fleet.nouns import NodeState

Schedule = list[tuple[int, NodeState]]
"""What is planned for a node: (instant, the state that begins then), in time order."""
Recorded = list[tuple[int, int, str]]
"""Outages to come that a file tells of: (start, end, cause), in time order, none touching."""

BROKEN = frozenset(
    {NodeState.DOWN, NodeState.IN_REPAIR, NodeState.WAITING_PARTS, NodeState.VALIDATING}
)
_TRIAGE_S_MAX = 2 * faults.HOUR_S
_VALIDATION_S_MAX = 8 * faults.HOUR_S
_DIAGNOSIS_S_MAX = 24 * faults.HOUR_S


@dataclass(slots=True)
class Node:
    """One node. `failure` counts its outages: the draw that is coming or is being mended.

    exposure_left, relapse_left_s   what the coming failure still needs, from `up_since` on
    member      in the spare pool (ready only while it is up and nobody holds it)
    escalated   0 never in this outage, 1 hastened, 2 hastened once and no longer reversible
    unhurried   the schedule as it stood before it was hastened
    recorded    the outages to come, where they are told and not drawn; what falls into a time when
                the node is out for another reason does not happen
    boots       how often it has started
    flashed     what it runs beside what the fleet was built with, by the kind of version
    """

    name: str
    customer: str | None
    frailty: float
    member: bool = False
    state: NodeState = NodeState.UP
    cause: str = ""
    drained: bool = False
    overhauling: bool = False
    escalated: int = 0
    failure: int = 1
    up_since: int = 0
    exposure_left: float = 0.0
    relapse_left_s: int | None = None
    schedule: Schedule = field(default_factory=list)
    unhurried: Schedule = field(default_factory=list)
    recorded: Recorded | None = None
    boots: int = 0
    flashed: dict[str, str] = field(default_factory=dict)

    @property
    def spare(self) -> bool:
        """Say whether the node stands ready in the pool."""
        return self.member and self.customer is None and self.state is NodeState.UP

    @property
    def hastened(self) -> bool:
        """Say whether its repair runs at the escalated pace."""
        return self.escalated == 1 and self.state in BROKEN

    def next_at(self, *, healthy: bool) -> int | None:
        """Return when something next happens to this node by itself; None is never."""
        if self.schedule:
            return self.schedule[0][0]
        if self.state is not NodeState.UP or healthy:
            return None
        if self.recorded is not None:
            return next((start for start, _, _ in self.recorded if start >= self.up_since), None)
        uptime_s = faults.uptime_s(self.exposure_left, self.relapse_left_s, frailty=self.frailty)
        return self.up_since + uptime_s

    def enter_service(self, at: int, *, seed: int) -> None:
        """Come up with the next failure's draw; called once per outage."""
        if self.recorded is None:
            coming = faults.failure_of(seed, self.name, self.failure)
            self.exposure_left = coming.exposure
            self.relapse_left_s = coming.relapse_s
        self._come_up(at)

    def happen(self, at: int, *, seed: int) -> None:
        """Do what `next_at` announced: the next step of the schedule, or the failure."""
        if self.schedule:
            _, state = self.schedule.pop(0)
            self._reach(state, at, seed=seed)
        else:
            self._break(at, seed=seed)

    def drain(self, at: int) -> None:
        """Take the node out on purpose; a broken one stays out when its repair ends."""
        self.drained = True
        if self.state is NodeState.UP:
            self._pause_wear(at)
            self.state, self.cause = NodeState.DRAINED, "drained"

    def undrain(self, at: int) -> None:
        """Let the node serve again; an overhaul that has begun is called off, unfinished."""
        self.drained = False
        if self.overhauling:
            self.overhauling = False
            self._settle_escalation()
            ends_at = self._repair_ends_at
            self.schedule = [step for step in self.schedule if step[1] in BROKEN]
            if self.state in BROKEN:
                self.schedule.append((ends_at, NodeState.UP))
        if self.state is NodeState.DRAINED:
            self._come_up(at)

    def overhaul(self, at: int, *, length_s: int) -> None:
        """Begin the deep repair, at once or after the repair under way."""
        self.overhauling = True
        self._settle_escalation()
        if self.state in BROKEN:
            ends_at = self._repair_ends_at
            self.schedule[-1] = (ends_at, NodeState.DRAINED)
            self.schedule.append((ends_at + length_s, NodeState.UP))
        else:
            self.cause = "overhaul"
            self.schedule = [(at + length_s, NodeState.UP)]

    def hasten(self, at: int, *, remaining_s_max: int) -> None:
        """Squeeze what remains of the repair into `remaining_s_max`, every phase alike."""
        self.unhurried = list(self.schedule)
        self.escalated = 1
        remaining_s = self.schedule[-1][0] - at
        if remaining_s > remaining_s_max:
            self.schedule = [
                (at + (when - at) * remaining_s_max // remaining_s, state)
                for when, state in self.schedule
            ]

    def unhasten(self, at: int) -> None:
        """Put the steps that have not happened yet back where they were; what is gained stays."""
        self.escalated = 2
        still = self.unhurried[len(self.unhurried) - len(self.schedule) :]
        self.schedule = [(max(at, when), state) for when, state in still]

    @property
    def _repair_ends_at(self) -> int:
        """Return when the repair proper ends, whatever was planned to follow it."""
        ends = [when for when, state in self.schedule if state not in BROKEN]
        return ends[0] if ends else self.up_since

    def _settle_escalation(self) -> None:
        """Keep a hastened schedule for good, since the one before no longer fits."""
        self.escalated = 2 if self.escalated else 0

    def _break(self, at: int, *, seed: int) -> None:
        drawn = (
            faults.failure_of(seed, self.name, self.failure)
            if self.recorded is None
            else self._next_recorded(at)
        )
        self.failure += 1
        self.cause = drawn.cause
        self.escalated, self.unhurried = 0, []
        self.state = NodeState.DOWN
        self.schedule = _repair_schedule(at, drawn)

    def _reach(self, state: NodeState, at: int, *, seed: int) -> None:
        mended = self.state in BROKEN and state not in BROKEN
        if mended:
            if self.recorded is None:
                coming = faults.failure_of(seed, self.name, self.failure)
                self.exposure_left, self.relapse_left_s = coming.exposure, coming.relapse_s
            self.cause = ""
        if mended or (state is NodeState.UP and self.overhauling):
            self.boots += 1
        if state is NodeState.UP and self.overhauling:
            self.overhauling = self.drained = False
            self.frailty, self.relapse_left_s = faults.FRAILTY_MEDIAN, None
        if state is NodeState.UP and not self.drained:
            self._come_up(at)
        elif state in BROKEN:
            self.state = state
        else:
            self.state = NodeState.DRAINED
            self.cause = "overhaul" if self.overhauling else "drained"

    def _come_up(self, at: int) -> None:
        self.state, self.cause, self.up_since = NodeState.UP, "", at

    def _next_recorded(self, at: int) -> faults.Failure:
        found = [outage for outage in self.recorded or () if outage[0] >= at]
        (_, end, cause), self.recorded = found[0], found[1:]
        return faults.failure_told(end - at, cause)

    def _pause_wear(self, at: int) -> None:
        worn_s = at - self.up_since
        self.exposure_left -= faults.exposure(worn_s, frailty=self.frailty)
        if self.relapse_left_s is not None:
            self.relapse_left_s -= worn_s


def _repair_schedule(at: int, drawn: faults.Failure) -> Schedule:
    """Lay out DOWN, IN_REPAIR (, WAITING_PARTS, IN_REPAIR), VALIDATING, UP over the repair."""
    triage_s = min(drawn.repair_s // 10, _TRIAGE_S_MAX)
    validation_s = min(drawn.repair_s // 6, _VALIDATION_S_MAX)
    begins, validates, ends = (
        at + triage_s,
        at + drawn.repair_s - validation_s,
        at + drawn.repair_s,
    )
    steps: Schedule = [(begins, NodeState.IN_REPAIR)]
    if drawn.needs_parts:
        diagnosis_s = min((validates - begins) // 10, _DIAGNOSIS_S_MAX)
        steps.append((begins + diagnosis_s, NodeState.WAITING_PARTS))
        steps.append((validates - diagnosis_s, NodeState.IN_REPAIR))
    return [*steps, (validates, NodeState.VALIDATING), (ends, NodeState.UP)]
