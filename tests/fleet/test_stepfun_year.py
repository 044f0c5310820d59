"""The real year comes out with the published figures (../shared/data/README.md)."""

import json

import pytest
from typer.testing import CliRunner

from scuderia.basics.actors import IMPORTER
from scuderia.basics.clock import FixedClock, parse_instant
from scuderia.fleet.commands.fleet import app
from scuderia.fleet.operations.import_outages import ImportRequest, import_outages
from scuderia.fleet.queries.reports import sla_report, whole_period
from scuderia.loop.ports import registry
from tests.fleet.typing_person import acts_as_admin

pytestmark = pytest.mark.django_db
NOW = parse_instant("2026-03-01T00:00:00Z", field="now")


def test_the_real_year_gives_the_published_figures(stepfun_trace):
    import_outages(ImportRequest(stepfun_trace, 400), actor=IMPORTER, now=NOW)
    period = whole_period(now=NOW)
    report = sla_report(period.start, period.end, target=0.95)
    hours = report.outage_hours
    assert report.outages == 582
    assert report.days_known == 348
    assert sum(day.length_s for day in report.days) * report.nodes == 139_200 * 86_400
    assert round(report.availability, 4) == 0.9768
    assert round(report.worst_day, 4) == 0.9195
    assert round(report.median_day, 4) == 0.9825
    assert report.days_below_target == 49
    assert (report.customer_days, report.customer_days_at_target) == (348, 299)
    assert round(hours.p50) == 20
    assert 5.5 <= hours.mean / 24 < 5.6
    assert [round(hours.p90 / 24), round(hours.p95 / 24), round(hours.max / 24)] == [13, 31, 131]
    assert round(report.outages_over_7d_share, 2) == 0.16
    assert round(report.downtime_share_over_7d, 2) == 0.82
    assert round(report.relapse_24h, 3) == 0.223
    assert round(report.relapse_7d, 2) == 0.31
    assert round(report.relapse_28d, 2) == 0.42
    assert round(report.concentration.outage_share, 2) == 0.41
    assert round(report.concentration.downtime_share, 2) == 0.69
    assert round(report.unknown_cause_share, 2) == 0.50
    assert round(report.mtbf_node_days, 1) == 239.8  # 400 nodes x 348.98 days, 582 outages
    assert report.time_to_detect.hours_mean is None


def test_the_command_line_prints_the_promised_names(stepfun_trace, monkeypatch):
    monkeypatch.setattr(registry, "clock", FixedClock(NOW))
    acts_as_admin(monkeypatch)
    runner = CliRunner()
    first = ["import-faults", str(stepfun_trace), "--fleet-size", "400", "--json"]
    assert json.loads(runner.invoke(app, first).stdout)["changed"] is True
    assert json.loads(runner.invoke(app, first).stdout)["changed"] is False
    shown = runner.invoke(app, ["report", "--target", "0.95", "--json"])
    report = json.loads(shown.stdout)
    assert {
        "outages": 582,
        "days": 348,
        "days_below_target": 49,
    }.items() <= report.items()
    assert round(report["availability"], 4) == 0.9768
    assert round(report["worst_day"], 4) == 0.9195
    assert round(report["outage_hours_p50"]) == 20
    assert round(report["downtime_share_over_7_days"], 2) == 0.82
    assert round(report["relapse_24h"], 3) == 0.223
    assert round(report["relapse_7d"], 2) == 0.31
    month = ["report", "--from", "2024-06-01", "--to", "2024-07-01", "--json"]
    assert json.loads(runner.invoke(app, month).stdout)["days"] == 30
    for read in (["nodes"], ["customers"], ["node", "imported-quiet-0001"], ["report"]):
        assert runner.invoke(app, read).exit_code == 0
        assert runner.invoke(app, [*read, "--json"]).exit_code == 0
