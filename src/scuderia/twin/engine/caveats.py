"""The limits of a replay, in words, for every place that shows its figures."""

from scuderia.twin.engine.figures import log_figures
from scuderia.twin.nouns import OutageLog, Policy

_ALWAYS = (
    "The end of an outage (fault_end) is the operator's word; the true end may be another.",
    "The same faults are replayed on the same dates: what a policy would provoke is not modelled.",
)
_SPARES = (
    "A swap takes no time beyond the stated delay, work moves back for free, and spares never "
    "fail: an upper bound. Spares stand beside the fleet and are not counted in it."
)
_CAP = "Every repair is taken to end by the cap and to hold: an upper bound."
_SOAK = (
    "A fault that the soak shows is taken to harm nobody, and a fault is taken to show under the "
    "soak as it would under work: an upper bound."
)
_LEMON = (
    "The replacement is in place when the pulled node's repair would have ended, and fails only "
    "as stated: an upper bound, and it needs replacement stock."
)
_QUARANTINE = "Quarantine without replacement gives up the slot: it loses capacity for good."


def limits_of(log: OutageLog, *policies: Policy) -> tuple[str, ...]:
    """Return what a reader must know before believing a replay of these policies on this log."""
    rules = [policy.lemon for policy in policies if policy.lemon is not None]
    bulk = log_figures(log).starts_in_one_hour_max
    bursts = f"Bulk starts exist: up to {bulk} outages begin within one hour of this log."
    said = [
        (_SPARES, any(policy.spares for policy in policies)),
        (_CAP, any(policy.repair_cap_s is not None for policy in policies)),
        (_SOAK, any(policy.return_soak_s for policy in policies)),
        (_LEMON, any(rule.replaces for rule in rules)),
        (_QUARANTINE, any(not rule.replaces for rule in rules)),
        (bursts, bulk > 1),
    ]
    return (*_ALWAYS, *(words for words, applies in said if applies))
