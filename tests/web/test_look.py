"""Colours stand in one file, styles and scripts in their own, every class has its words."""

# ruff: noqa: RUF001 - expectations stand in one line; the dash is meant

import json
import re
from pathlib import Path

import altair as alt
import pytest
from django.template.loader import render_to_string

from scuderia.web import charts
from scuderia.web.pages.gallery import _examples
from scuderia.web.svg import effect, figure, sparkline, strip
from scuderia.web.templatetags import ui

SOURCE = Path(__file__).resolve().parents[2] / "src" / "scuderia"
TEMPLATES = sorted(SOURCE.rglob("templates/**/*.html"))
STYLES = sorted(SOURCE.rglob("static/**/*.css"))
NAMED_COLOUR = re.compile(
    r":\s*[^;{]*\b(white|black|red|green|blue|orange|gr[ae]y|rgb|hsl|oklch)\b", re.IGNORECASE
)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_carries_a_script_a_style_or_a_handler(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text)
    assert "hx-on" not in text
    assert not re.search(r"hx-trigger=['\"][^'\"]*\[", text), "bracket filters need eval"


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_colours_are_named_in_the_tokens_alone(path):
    if path.name == "tokens.css":
        return
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b", text)
    assert not NAMED_COLOUR.search(text)
    assert "!important" not in text
    assert text.count("@layer") >= 1


def test_every_class_in_a_template_is_styled_somewhere():
    styled = set(
        re.findall(r"\.([a-z][a-z0-9_-]*)", "".join(p.read_text(encoding="utf-8") for p in STYLES))
    )
    used = set()
    for path in TEMPLATES:
        text = re.sub(r"{%[^%]*%}|{{[^}]*}}", " ", path.read_text(encoding="utf-8"))
        for names in re.findall(r'class="([^"]*)"', text):
            used |= {name for name in names.split() if not name.endswith("--")}
    hooks = {"number", "chart__place", "quiet"}
    assert sorted(used - styled - hooks) == []


def test_a_sparkline_needs_two_points_and_a_flat_one_runs_midway():
    assert sparkline((1,), words="") is None
    flat = sparkline((4, 4, 4), words="flat")
    assert flat is not None
    assert {point.split(",")[1] for point in flat.points.split()} == {"12.0"}


def test_an_effect_is_drawn_on_one_scale():
    drawn = effect(do_nothing=200, expected=50, low=25, high=100, unit="h", better="lower")
    assert (drawn.nothing, drawn.acting, drawn.low, drawn.high) == (100, 25, 12.5, 50)


def test_a_strip_clips_what_is_outside_and_shows_what_is_short():
    parts = strip(
        [(-5, 5, "bad", "a"), (99.999, 100, "warn", "b"), (200, 300, "ok", "c")], start=0, end=100
    )
    assert [(part.x, part.width) for part in parts] == [(0, 50), (999.99, 1)]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0"),
        (0.003, "0.003"),
        (None, "–"),
        (1234567, "1,234,567"),
        (3.14159, "3.14"),
        (12.34, "12.3"),
        (0.5, "0.5"),
        (-2.25, "-2.25"),
    ],
)
def test_figures_are_written_alike(value, words):
    assert figure(value) == words


def test_lengths_shares_and_money_say_unknown_with_a_dash():
    assert [
        ui.duration(None),
        ui.percent(None),
        ui.money(None),
        ui.number(None),
        ui.instant(None),
    ] == ["–"] * 5
    assert (ui.duration(93_784), ui.percent(0.97684, 2), ui.money(123_456)) == (
        "1d 2h",
        "97.68%",
        "$1,235",
    )


def test_a_node_named_by_an_enemy_is_written_as_text():
    from scuderia.web.components import Tile

    hostile = '"><script>alert(1)</script>'
    written = ui.tiles([Tile(hostile, "/x", "ok", hostile)])
    assert "<script>" not in written
    assert "&lt;script&gt;" in written


def test_every_chart_of_the_gallery_is_lawful_vega_lite():
    for _, _, spec in _examples().charts:
        alt.Chart.from_dict(charts._with_colours(spec))


def test_a_chart_for_paper_is_an_image_in_light_colours():
    spec = charts.daily_line([{"day": "2026-01-01", "value": 0.9}], title="a", target=0.95)
    assert charts.on_paper(spec).startswith("data:image/svg+xml;base64,")
    assert "token:" not in json.dumps(charts._with_colours(spec))


def test_the_chart_script_is_written_once(tmp_path):
    path = charts.write_bundle(tmp_path)
    first = path.stat().st_mtime_ns
    assert path.stat().st_size > 500_000
    assert "window.vegaEmbed" in path.read_text(encoding="utf-8")
    assert charts.write_bundle(tmp_path).stat().st_mtime_ns == first


def test_evidence_words_are_escaped():
    from scuderia.web.components import Evidence

    shown = render_to_string(
        "ui/evidence.html", {"piece": Evidence("<b>x</b>", "q", (("k", "<i>"),))}
    )
    assert "<b>x</b>" not in shown
    assert "<i>" not in shown
