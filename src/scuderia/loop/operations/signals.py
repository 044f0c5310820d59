"""Facts seen from outside, stored once, and the findings they support."""

from collections.abc import Sequence

from scuderia.basics.clock import AwareDatetime
from scuderia.loop.nouns import (
    SignalDraft,
)


def record_signals(drafts: Sequence[SignalDraft], *, now: AwareDatetime) -> int:
    """Store what is new among these facts, fold it into findings, and return how many were new."""
    raise NotImplementedError
