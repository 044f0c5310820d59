"""The kind of file that this room reads: update calendars."""

from collections.abc import Mapping
from typing import Any

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.operations.outage_imports import may_import
from scuderia.freeze.operations.update_imports import update_import
from scuderia.intake.fields import ImportKind


class UpdateImporter:
    """Planned updates; no settings beside the file."""

    name = "updates"
    job = (
        "Planned updates: key, class, nodes, start, p95_minutes, and p50_minutes, bake_minutes, "
        "rollback_minutes, campaign, ring, at_once, at_once_per_rack, earliest, due, deadline, "
        "severity, cves, owner, deployer, title."
    )
    settings = ()

    def begin(
        self, _said: Mapping[str, str], *, actor: Actor, now: AwareDatetime
    ) -> ImportKind[Any]:
        """Return the kind for one import.

        raises   NotAuthorised, NotFound
        """
        may_import(actor)
        return update_import(now)
