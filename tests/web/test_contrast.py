"""Every contrast ratio that the design rules claim is computed from the tokens themselves."""

import pytest

from scuderia.web.tokens import colour_pairs

LIGHT, DARK = 0, 1
DEPTHS = ("canvas", "surface", "sunken")
STATES = ("ok", "warn", "bad", "hold", "unknown")
# The design rules' own table: contrast on canvas / surface / sunken (light), raised (dark).
CLAIMED = {
    "text": ((17.8, 16.7, 15.6), (15.7, 14.6, 13.4)),
    "text-muted": ((6.7, 6.3, 5.8), (7.9, 7.4, 6.7)),
    "edge": ((3.7, 3.5, 3.3), (4.4, 4.1, 3.7)),
    "line": ((1.4, 1.3, 1.2), (1.4, 1.3, 1.2)),
    "accent": ((6.1, 5.7, 5.3), (8.3, 7.7, 7.1)),
}
# Worst contrast on any depth, then as text on its own 12% tint.
CLAIMED_STATES = {
    "ok": ((4.67, 4.52), (10.4, 8.7)),
    "warn": ((5.12, 4.94), (8.0, 7.0)),
    "bad": ((9.07, 8.32), (4.9, 4.7)),
    "hold": ((9.02, 8.36), (6.0, 5.4)),
    "unknown": ((5.57, 5.38), (7.9, 6.9)),
}


def channels(colour):
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def luminance(rgb):
    linear = [
        c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in rgb
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def colour(name, theme):
    return channels(colour_pairs()[name][theme])


def tinted(name, theme):
    ground = colour("canvas" if theme == LIGHT else "surface", theme)
    return [round(0.12 * a + 0.88 * b) for a, b in zip(colour(name, theme), ground, strict=True)]


def test_contrast_of_black_on_white_is_twenty_one():
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)


def test_every_colour_is_a_pair():
    assert set(colour_pairs()) == {*DEPTHS, *CLAIMED, *STATES, "tint-ground"}


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("name", CLAIMED)
def test_text_and_edges_have_the_contrast_claimed(name, theme):
    measured = [contrast(colour(name, theme), colour(depth, theme)) for depth in DEPTHS]
    assert measured == pytest.approx(CLAIMED[name][theme], abs=0.051)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("state", STATES)
def test_states_have_the_contrast_claimed(state, theme):
    worst = min(contrast(colour(state, theme), colour(depth, theme)) for depth in DEPTHS)
    on_tint = contrast(colour(state, theme), tinted(state, theme))
    exact = 0.006 if theme == LIGHT else 0.051
    assert (worst, on_tint) == pytest.approx(CLAIMED_STATES[state][theme], abs=exact)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_what_is_read_reaches_four_and_a_half_and_what_is_pressed_three(theme):
    read = [contrast(colour(name, theme), colour(depth, theme))
            for name in ("text", "text-muted", "accent", *STATES) for depth in DEPTHS]  # fmt: skip
    on_buttons = contrast(colour("canvas", theme), colour("accent", theme))
    on_cells = [
        contrast(colour("canvas", theme), colour(s, theme)) for s in ("warn", "bad", "hold")
    ]
    edges = [contrast(colour("edge", theme), colour(depth, theme)) for depth in DEPTHS]
    assert min(*read, on_buttons, *on_cells) >= 4.5
    assert min(edges) >= 3


def test_the_tint_ground_is_canvas_by_day_and_surface_by_night():
    pairs = colour_pairs()
    assert pairs["tint-ground"] == (pairs["canvas"][LIGHT], pairs["surface"][DARK])
