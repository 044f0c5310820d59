"""How far one action may reach: an absolute bound and a share, both enforced, failing closed."""

from scuderia.loop.nouns import ActionKind, BlastRadius


def blast_objections(kind: ActionKind, radius: BlastRadius, *, targets: int) -> list[str]:
    """Return why the plan reaches too far, in words; empty means it does not.

    targets   how many targets the plan names; a radius that counts fewer is not believed
    """
    count = max(radius.count, targets)
    objections = []
    if radius.count < 0 or radius.denominator_count < 0:
        objections.append("the blast radius is not a count")
    if count > kind.blast.targets_max:
        objections.append(
            f"it touches {count} {radius.unit}; {kind.name} may touch {kind.blast.targets_max}"
        )
    if not 0 <= radius.share <= kind.blast.share_max:
        objections.append(
            f"it touches {radius.share:.1%} of {kind.blast.denominator};"
            f" {kind.name} may touch {kind.blast.share_max:.1%}"
        )
    return objections
