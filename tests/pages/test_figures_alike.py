"""Figures of one name are the same on every screen, over the API and in the evidence packet."""

import html
import io
import json
import re
import zipfile

import pytest

from scuderia.basics.units import HOUR_S
from tests.api.caller import Caller

CUSTOMERS = ("demo-aurora", "demo-borealis")


def words_of(page):
    """Return what a page says, a line of text for each element."""
    text = re.sub(r"(?s)<(script|style|template|svg)\b.*?</\1>", "", page)
    text = re.sub(r"</(p|div|li|tr|h\d|dt|dd|section|td|th|a|summary)>", "\n", text)
    lines = html.unescape(re.sub(r"<[^>]+>", " ", text)).splitlines()
    return [" ".join(line.split()) for line in lines if line.strip()]


def card(shown, title):
    """Return the lines of the card under its title."""
    at = shown.index(title)
    return shown[at + 1 : at + 4]


@pytest.fixture
def shown(as_person):
    """Open a page as somebody and return its words."""

    def opened(path, name="lena"):
        answer = as_person(name).get(path)
        assert answer.status_code == 200, path
        return words_of(answer.content.decode())

    return opened


@pytest.fixture
def told(stage):
    """Ask the API as somebody and return what it says."""
    callers = {}

    def asked(path, name="lena"):
        if name not in callers:
            callers[name] = Caller(name)
        answer = callers[name].get(path)
        assert answer.status_code == 200, path
        return json.loads(answer.content)

    return asked


@pytest.mark.parametrize("name", ["vera", "otto", "britt", "lena", "ada"])
def test_what_waits_is_as_many_and_as_dear_as_the_queue_says(told, shown, name):
    queue = told("/queue?limit=200", name)["items"]
    lead = next(line for line in shown("/", name) if "Waiting costs" in line)
    count = int(re.match(r"(\d+) proposals? wait", lead)[1])
    dear = float(re.search(r"Waiting costs ([\d.,]+)", lead)[1].replace(",", ""))
    assert count == len(queue) > 0
    assert dear == pytest.approx(sum(one["cost_of_delay"]["amount"] for one in queue), rel=0.005)


def test_the_boards_counts_are_those_of_its_nodes(told, shown):
    nodes = told("/fleet/nodes?limit=200")["items"]
    board = shown("/fleet")
    held = [one for one in nodes if one["customer"]]
    out = sum(one["gpus_lost"] for one in held)
    gpus = sum(one["gpus"] for one in held)
    assert card(board, "GPUs serving")[0].split()[0] == f"{gpus - out:,}"
    ready = sum(one["spare"] for one in nodes)
    assert card(board, "Spares ready")[0].split()[0] == str(ready)
    counts = [re.search(r" (\d+)$", line) for line in board if re.match(r"^[●▲■❄◌○]", line)]
    assert sum(int(found[1]) for found in counts if found) == len(nodes)


def figures(shown, path):
    """Return the figures of a report's page: days met and known, hours down, outages, GPUs."""
    page = shown(path)
    met, of = re.findall(r"[\d,]+", " ".join(card(page, "Customer-days at target")))[:2]
    down = re.findall(r"[\d,]+", " ".join(card(page, "Downtime")))
    lost = re.findall(r"[\d,.]+", " ".join(card(page, "Capacity lost")))
    numbers = (met, of, down[0], down[1], lost[0])
    return tuple(float(number.replace(",", "")) for number in numbers)


def as_shown(report):
    return (
        report["customer_days_at_target"],
        report["customer_days"],
        round(report["downtime_s"] / HOUR_S),
        report["outages"],
        round(report["gpus_lost"], 1),
    )


def test_a_report_says_on_its_page_what_the_api_and_the_packet_say(told, shown, as_person):
    for name in CUSTOMERS:
        page = figures(shown, f"/fleet/customers/{name}?days=30")
        assert page == as_shown(told(f"/fleet/customers/{name}/report"))
        body = as_person("lena").get(f"/fleet/customers/{name}/packet?days=30")
        with zipfile.ZipFile(io.BytesIO(body.content)) as packed:
            assert page == as_shown(json.loads(packed.read("figures.json")))
    whole, report = figures(shown, "/fleet/report?days=30"), told("/fleet/report")
    assert whole == as_shown(report)
    lines = [figures(shown, f"/fleet/customers/{name}?days=30") for name in CUSTOMERS]
    assert [line[:2] for line in lines] == [
        (one["days_at_target"], one["days_promised"]) for one in report["headline"]
    ]
    assert whole[:2] == tuple(map(sum, zip(*(line[:2] for line in lines), strict=True)))
    unheld_h = report["unheld"]["downtime_s"] / HOUR_S
    assert whole[2] == pytest.approx(sum(line[2] for line in lines) + unheld_h, abs=1.6)


def test_the_crews_page_counts_the_findings_that_stand(told, shown):
    page = shown("/crew")
    found = told("/findings?limit=200")["items"]
    told_open = sum(int(page[at + 1]) for at, line in enumerate(page) if line == "Open findings")
    agents = {line["name"] for line in told("/crew")["items"]}
    assert told_open > 0
    assert told_open == sum(one["raised_by"] in agents for one in found)
