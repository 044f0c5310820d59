"""A fleet small enough to count by hand, and a cast over it, for the tests of zones."""

from datetime import UTC, datetime, timedelta

from scuderia.basics.actors import BY_COMMAND_LINE, Actor, ActorKind
from scuderia.basics.subjects import SubjectRef
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.inventory import Cluster, Node, Rack, Site, Sku
from scuderia.freeze.nouns import ZoneAsked, ZoneScope
from scuderia.loop.nouns import Role
from scuderia.loop.operations import people

NOW = datetime(2026, 7, 20, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=90)
SETUP = Actor(ActorKind.SERVICE, "setup")
CAST = (
    ("ada", Role.ADMIN, "*"),
    ("lena", Role.LEAD, "*"),
    ("vera", Role.VIEWER, "*"),
    ("otto", Role.OPERATOR, "customer:aurora"),
    ("lara", Role.LEAD, "customer:aurora"),
    ("britt", Role.LEAD, "customer:borealis"),
    ("rosa", Role.LEAD, "rack:r1"),
    ("olaf", None, ""),
)
HOLDERS = {
    "r1-n1": "aurora", "r1-n2": "aurora", "r2-n1": "aurora", "r2-n2": "borealis",
    "r3-n1": "aurora", "r3-n2": None,
}  # fmt: skip
WHY = "the run of the year"


def person(name):
    """Return one of the cast, as they come by the command line."""
    return Actor(ActorKind.PERSON, name, BY_COMMAND_LINE)


def make_fleet():
    """Put six nodes of eight GPUs in three racks onto the books."""
    site = Site.objects.create(name="s1")
    cluster = Cluster.objects.create(name="c1", site=site)
    sku = Sku.objects.create(name="h8", gpus_per_node=8, gpu_model="H100")
    for name in ("aurora", "borealis"):
        Customer.objects.create(name=name)
    for name, holder in HOLDERS.items():
        rack, _ = Rack.objects.get_or_create(name=name.partition("-")[0], cluster=cluster)
        node = Node.objects.create(name=name, rack=rack, sku=sku, active_from=LONG_AGO)
        if holder:
            customer = Customer.objects.get(name=holder)
            Allocation.objects.create(customer=customer, node=node, start=LONG_AGO)


def make_cast():
    """Give everybody the role that they have."""
    for name, role, scope in CAST:
        giver = SETUP if name == "ada" else person("ada")
        people.create_person(actor=giver, name=name, password="maranello-1947", now=NOW)
        if role:
            people.give_role(
                actor=giver, person=name, role=role, scope=SubjectRef.parse(scope), now=NOW
            )


def asked(**other):
    """Return a zone over everything that aurora holds, for a week of July."""
    return ZoneAsked(
        **{
            "customer": "aurora",
            "scope": ZoneScope(("customer:aurora",)),
            "start": "2026-07-24 00:00 America/Los_Angeles",
            "end": "2026-07-31 00:00 America/Los_Angeles",
            "reason": WHY,
        }
        | other
    )
