"""SLA Watch speaks once a miss is likelier than not, and before it is sure."""

from scuderia.crew.agents.sla_watch import SlaWatch, month_case
from scuderia.crew.engine.outlook import fleet_outlook
from tests.crew.snapshots import month, node, snapshot


def chance_and_round(lost_h):
    broken = [node(number, (0.1, None)) for number in (1, 2, 3)]
    seen = snapshot([*broken, node(800, customer=None)], months=[month(nodes=58, lost_h=lost_h)])
    case = month_case(seen, fleet_outlook(seen), seen.months[0])
    return case.outlook.chance_missed, SlaWatch().think(seen)


def test_it_speaks_of_a_month_that_will_likelier_be_missed_than_not():
    told = {lost_h: chance_and_round(lost_h) for lost_h in range(600, 1000, 50)}
    likely = [made for chance, made in told.values() if 0.5 <= chance < 0.95]
    unlikely = [made for chance, made in told.values() if chance < 0.5]
    assert likely, "no case lies between the two"
    assert unlikely
    assert all(len(made.findings) == 1 for made in likely)
    assert all(made.findings == () for made in unlikely)
