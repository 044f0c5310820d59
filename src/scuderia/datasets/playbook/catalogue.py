"""What the datasets room brings: where projects hang, and its kinds of file."""

from scuderia.datasets.playbook.importers import JudgmentImporter
from scuderia.datasets.queries.projects import ProjectLineage
from scuderia.intake.importers import register_importer
from scuderia.loop.ports import Registry


def register(registry: Registry) -> None:
    """Register the lineage and the kinds of file."""
    registry.register_lineage(ProjectLineage())
    register_importer(JudgmentImporter())
