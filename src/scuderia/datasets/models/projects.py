"""Projects: what a customer asked for, until when, how well, and at what price."""

from django.db import models

from scuderia.basics.ids import new_id
from scuderia.datasets.models.columns import ACTOR_MAX, NAME_MAX, TITLE_MAX, one_of
from scuderia.datasets.nouns import ProjectKind, ProjectState, Stage


class Project(models.Model):
    """One project.

    labels          of a label project, the labels there are
    scale_low, scale_high   of a rating project, the ends of its scale
    target_items    how many items are asked for, each judged `judgments_per_item` times
    due_at          when it is promised for; `time_zone` counts its days
    quality_bar     the share of answers that must be right, above 0 and up to 1; None: not agreed
    price, pay      for an item, and for a judgment, in `currency`; None: not said
    diversity       planned share of items by value of `diversity_by`, e.g. {"law": 0.25}
    guideline       the version of the guideline that judgments are made under now
    items, judgments, contributors, last_judged_at   counted when judgments are published
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=NAME_MAX, unique=True)
    title = models.CharField(max_length=TITLE_MAX)
    customer = models.CharField(max_length=NAME_MAX, db_index=True)
    kind = models.CharField(max_length=10)
    state = models.CharField(max_length=8, default=ProjectState.ACTIVE)
    stage = models.CharField(max_length=12, default=Stage.CALIBRATION)
    spec = models.TextField(default="", blank=True)
    rubric = models.TextField(default="", blank=True)
    labels = models.JSONField(default=list)
    scale_low = models.IntegerField(null=True)
    scale_high = models.IntegerField(null=True)
    target_items = models.PositiveIntegerField()
    judgments_per_item = models.PositiveSmallIntegerField()
    due_at = models.DateTimeField(null=True)
    time_zone = models.CharField(max_length=64)
    quality_bar = models.FloatField(null=True)
    price = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    pay = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, default="", blank=True)
    diversity_by = models.CharField(max_length=NAME_MAX, default="", blank=True)
    diversity = models.JSONField(default=dict)
    guideline = models.CharField(max_length=32, default="1")
    created_by = models.CharField(max_length=ACTOR_MAX)
    created_at = models.DateTimeField()
    items = models.PositiveIntegerField(default=0)
    judgments = models.PositiveIntegerField(default=0)
    contributors = models.PositiveIntegerField(default=0)
    last_judged_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            one_of("kind", ProjectKind, of="project"),
            one_of("state", ProjectState, of="project"),
            one_of("stage", Stage, of="project"),
            models.CheckConstraint(
                condition=models.Q(target_items__gte=1, judgments_per_item__gte=1),
                name="datasets_project_asks_for_something",
            ),
            models.CheckConstraint(
                condition=models.Q(quality_bar__isnull=True)
                | models.Q(quality_bar__gt=0, quality_bar__lte=1),
                name="datasets_project_quality_bar",
            ),
            models.CheckConstraint(
                condition=models.Q(price__isnull=True, pay__isnull=True) | ~models.Q(currency=""),
                name="datasets_project_money_has_a_currency",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ProjectDay(models.Model):
    """How many judgments a project got on one day of its own time zone."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    judgments = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "day"], name="datasets_one_row_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.day}"
