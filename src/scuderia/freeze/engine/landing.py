"""The landing rule: how fast the backlog may come down once a zone ends.

Per site, so many starts in any rolling hour, few at first; updates of more than one rack wait a
day. It holds for what is moved to after the zone; what stays as it was planned is not counted.
"""

from dataclasses import dataclass

HOUR_S = 3_600


@dataclass(frozen=True, slots=True)
class LandingRule:
    """How many moved updates may start at a site in any rolling hour, by time since the zone.

    rates         (until so many seconds after the zone, starts in an hour), in order and rising
    then          starts in an hour after the last of those
    wide_wait_s   how long after the zone an update that takes more than one rack waits
    """

    rates: tuple[tuple[int, int], ...] = (
        (4 * HOUR_S, 2),
        (24 * HOUR_S, 6),
        (72 * HOUR_S, 15),
    )
    then: int = 30
    wide_wait_s: int = 24 * HOUR_S

    def rate(self, since_s: int) -> int:
        """Return how many may start in the hour that ends so long after the zone."""
        return next((rate for until, rate in self.rates if since_s < until), self.then)
