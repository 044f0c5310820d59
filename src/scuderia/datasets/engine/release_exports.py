"""The rows as lines of JSON in the forms that trainers read: TRL's and OpenAI's.

A line says nothing beside what its form knows, so that a reader that refuses strange keys takes it;
the lines follow the rows by key. U+0085, U+2028 and U+2029, at which some readers break a line,
are escaped: what is read is the same text.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from scuderia.datasets.engine.releases import SIDES, TIE, JsonTexts, ReleaseRow
from scuderia.datasets.nouns import ProjectKind

_LINE_ENDS = {"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}

TRL_PREFERENCE = "trl/preference.jsonl"
TRL_UNPAIRED = "trl/unpaired.jsonl"
OPENAI_PREFERENCE = "openai/preference.jsonl"


class Preference(NamedTuple):
    """One text preferred over another, each as a JSON string, and the key of its row."""

    key: str
    prompt: str
    chosen: str
    rejected: str


def preferences(rows: Iterable[ReleaseRow], told: JsonTexts) -> Iterator[Preference]:
    """Yield what the rows prefer: one of a pair, each two of a ranking, nothing else."""
    for row in rows:
        for chosen, rejected in preferred(row):
            yield Preference(
                row.key,
                _line_text(told[row.prompt]),
                _line_text(told[chosen]),
                _line_text(told[rejected]),
            )


def preferred(row: ReleaseRow) -> Sequence[tuple[str, str]]:
    """Return (what was preferred, over what)."""
    value, texts = row.value, row.texts
    if row.kind is ProjectKind.PAIRWISE:
        if value == TIE:
            return ()
        return ((texts[0], texts[1]),) if value == SIDES[0] else ((texts[1], texts[0]),)
    if isinstance(value, tuple):
        return list(combinations([texts[at] for at in value], 2))
    return ()


def trl_preference(one: Preference) -> str:
    """Return TRL's preference in its standard form."""
    return f'{{"prompt":{one.prompt},"chosen":{one.chosen},"rejected":{one.rejected}}}\n'


def trl_unpaired(one: Preference) -> str:
    """Return TRL's unpaired preference: a line for each side."""
    return (
        f'{{"prompt":{one.prompt},"completion":{one.chosen},"label":true}}\n'
        f'{{"prompt":{one.prompt},"completion":{one.rejected},"label":false}}\n'
    )


def openai_preference(one: Preference) -> str:
    """Return OpenAI's preference: one message asked, one of the assistant's for each side."""
    return (
        f'{{"input":{{"messages":[{{"role":"user","content":{one.prompt}}}]}},'
        f'"preferred_output":[{{"role":"assistant","content":{one.chosen}}}],'
        f'"non_preferred_output":[{{"role":"assistant","content":{one.rejected}}}]}}\n'
    )


EXPORTS: Mapping[str, Callable[[Preference], str]] = {
    TRL_PREFERENCE: trl_preference,
    TRL_UNPAIRED: trl_unpaired,
    OPENAI_PREFERENCE: openai_preference,
}
"""Each export's path in the release, and what makes its lines of one preference."""


def _line_text(told: str) -> str:
    if not told.isascii():
        for end, escape in _LINE_ENDS.items():
            told = told.replace(end, escape)
    return told
