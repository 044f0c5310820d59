"""The interval beside a replay is the middle eight tenths of its redrawn fleets."""

import numpy as np

from scuderia.twin.replay import _band


def test_a_band_holds_the_middle_eighty_of_a_hundred_draws():
    draws = np.random.default_rng(1).permutation(np.arange(101.0))
    band = _band(np.array([50.0]), draws)
    assert (band.low80, band.high80) == (10.0, 90.0)
    assert sum(band.low80 <= draw <= band.high80 for draw in draws) == 81
