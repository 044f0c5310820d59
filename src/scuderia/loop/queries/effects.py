"""Effects as people read them."""

from dataclasses import dataclass

from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.records import row_from
from scuderia.loop.models.effects import Effect
from scuderia.loop.nouns import (
    EffectState,
)


@dataclass(frozen=True, slots=True)
class EffectRow:
    """One keyed change of the world.

    step         counted from 0, in the order of the plan
    key          what the world is asked under: a second try under it changes nothing more
    tries        how often the executor was asked to do it
    looks        how often the world was asked whether it was done
    settled_at   None while nobody knows whether it was done
    detail       what the world said of it
    """

    step: int
    name: str
    key: str
    arguments: JsonObject
    state: EffectState
    tries: int
    looks: int
    claimed_at: AwareDatetime
    settled_at: AwareDatetime | None
    detail: JsonObject


def effect_row(effect: Effect) -> EffectRow:
    """Return one keyed change of the world."""
    return row_from(EffectRow, effect, state=EffectState(effect.state))
