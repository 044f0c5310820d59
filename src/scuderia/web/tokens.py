"""Reads the colour tokens from tokens.css, so that charts and tests use the same pairs."""

import re
from functools import cache
from pathlib import Path

TOKENS_CSS = Path(__file__).parent / "static" / "web" / "tokens.css"
_PAIR = re.compile(r"--([a-z-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)")


@cache
def colour_pairs() -> dict[str, tuple[str, str]]:
    """Return each colour token's (light, dark) as `#rrggbb`."""
    css = TOKENS_CSS.read_text(encoding="utf-8")
    return {name: (light, dark) for name, light, dark in _PAIR.findall(css)}


def light(name: str) -> str:
    """Return a token's light colour: what paper gets."""
    return colour_pairs()[name][0]
