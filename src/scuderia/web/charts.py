"""Vega-Lite charts: the script written at set-up, specs in token colours, SVG for paper."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scuderia.web.tokens import light

BUNDLE = Path("charts") / "vega.js"
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"

Spec = dict[str, Any]


def write_bundle(folder: Path) -> Path:
    """Write the chart script under `folder` once, and return its path; safe to repeat.

    The wheel carries it, so no network is needed; the first call takes some seconds.
    """
    path = folder / BUNDLE
    if path.exists() and path.stat().st_size:
        return path
    import vl_convert

    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    draft.write_text(
        vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"), encoding="utf-8"
    )
    draft.replace(path)
    return path


def daily_line(
    rows: Sequence[Mapping[str, object]], *, title: str, target: float | None, height: int = 220
) -> Spec:
    """Return a line of daily shares (`day`, `value` 0-1) with the promised target ruled in.

    Colours are names of tokens in `usermeta`; the page's script or `on_paper` fills them in.
    """
    days: Spec = {"field": "day", "type": "temporal", "title": None}
    share: Spec = {
        "field": "value",
        "type": "quantitative",
        "title": None,
        "axis": {"format": ".1%"},
        "scale": {"zero": False, "nice": True},
    }
    layers: list[Spec] = [
        {
            "mark": {"type": "line", "strokeWidth": 1.5, "interpolate": "step-after"},
            "encoding": {
                "x": days,
                "y": share,
                "tooltip": [
                    {"field": "day", "type": "temporal", "title": "day"},
                    {"field": "value", "type": "quantitative", "format": ".2%", "title": title},
                ],
            },
        }
    ]
    if target is not None:
        layers.append(
            {
                "mark": {"type": "rule", "strokeDash": [4, 4]},
                "encoding": {
                    "y": {"datum": target, "type": "quantitative"},
                    "color": {"value": "token:warn"},
                },
            }
        )
    return _framed({"layer": layers, "data": {"values": [dict(row) for row in rows]}}, height)


def cause_bars(rows: Sequence[Mapping[str, object]], *, unit: str) -> Spec:
    """Return horizontal bars of `value` by `cause`, largest first."""
    body: Spec = {
        "data": {"values": [dict(row) for row in rows]},
        "mark": {"type": "bar", "height": 12},
        "encoding": {
            "y": {"field": "cause", "type": "nominal", "sort": "-x", "title": None},
            "x": {"field": "value", "type": "quantitative", "title": unit},
        },
    }
    return _framed(body, {"step": 24})


def _framed(body: Spec, height: object) -> Spec:
    return {
        "$schema": SCHEMA,
        "width": "container",
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "config": _config(),
        **body,
    }


def _config() -> Spec:
    words = {"labelColor": "token:text-muted", "titleColor": "token:text-muted"}
    return {
        "background": "token:canvas",
        "font": "system-ui, sans-serif",
        "view": {"stroke": None},
        "line": {"color": "token:accent"},
        "bar": {"color": "token:accent"},
        "axis": {
            **words,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "gridColor": "token:line",
            "domainColor": "token:edge",
            "tickColor": "token:edge",
        },
        "legend": words,
    }


def on_paper(spec: Spec, *, width: int = 720) -> str:
    """Return the chart as a data: address of an SVG in light colours, for print and mail."""
    import vl_convert

    settled = _with_colours({**spec, "width": width})
    svg = vl_convert.vegalite_to_svg(settled)
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def _with_colours(value: Any) -> Any:
    match value:
        case str() if value.startswith("token:"):
            return light(value.removeprefix("token:"))
        case dict():
            return {name: _with_colours(item) for name, item in value.items()}
        case list() | tuple():
            return [_with_colours(item) for item in value]
    return value
