"""What the worker does again and again for the home itself, beside the rooms' tasks."""

from scuderia.basics.rooms import PeriodicTask

OWN = (
    PeriodicTask("note the audit's head", 5.0, "scuderia.config.rollback:note_head", "home"),
    PeriodicTask("backup", 60.0, "scuderia.config.backups.schedule:make_due", "backups"),
)
