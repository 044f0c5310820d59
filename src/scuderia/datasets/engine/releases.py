"""Releases: the rows that are delivered, what is said of them, and the version that names both.

A row's hash is the SHA-256 of its canonical JSON; the version is the beginning of the root of a
Merkle tree whose first leaf is the hash of the facts and whose others are the rows', by key. So the
order in which rows are handed in, the process and the machine change nothing. No leaf can be taken
for a node: what is hashed begins with a brace, what a node hashes with the byte 1 (RFC 6962).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from json.encoder import encode_basestring

from scuderia.basics.canonical import canonical_json
from scuderia.basics.errors import BadInput
from scuderia.basics.merkle import root_of
from scuderia.datasets.nouns import ProjectKind

SIDES = ("a", "b")
TIE = "tie"
_PAIR_VALUES = (*SIDES, TIE)
TEXTS_MAX = 64
ROW_BYTES_MAX = 2_000_000
ROWS_MAX = 5_000_000
_VERSION_DIGITS = 16
_KEPT_MAX = 50_000

RowValue = str | float | tuple[int, ...]


class UnreleasableRow(BadInput):
    """A row cannot be delivered as it is, so nothing was released."""

    code = "DATA-080"
    remedy = "Mend what is named, or leave the row out, then release again."


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """One item of a release, with what was decided of it and where that comes from.

    texts        pairwise: the two that were compared, a then b; ranking: those that were ordered;
                 label, rating: what was judged, one text as a rule
    value        pairwise: "a", "b" or "tie"; label: the label; rating: the number;
                 ranking: the places of `texts` (from 0), best first
    confidence   from 0 to 1; none where the aggregator gives none
    votes        how many said each value, as text
    judgments    identities of the judgments behind the value
    decisions    identities of the decisions behind it: reviews, removals, corrections
    """

    key: str
    kind: ProjectKind
    prompt: str
    texts: tuple[str, ...]
    value: RowValue
    confidence: float | None
    votes: Mapping[str, int]
    attributes: Mapping[str, str]
    judgments: tuple[str, ...]
    decisions: tuple[str, ...] = ()


class JsonTexts(dict[str, str]):
    """Each text as a JSON string, kept for when it comes back: a text stands in many pairs.

    objects   the same for small objects, by their items as they came
    """

    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[tuple[tuple[str, str | int], ...], str] = {}

    def __missing__(self, text: str) -> str:
        """Return the text as a JSON string."""
        if len(self) >= _KEPT_MAX:
            self.clear()
        told = self[text] = encode_basestring(text)
        return told

    def object_of(self, named: Mapping[str, str] | Mapping[str, int]) -> str:
        """Return names and their texts or whole numbers as a JSON object, by name."""
        items: tuple[tuple[str, str | int], ...] = tuple(named.items())
        told = self.objects.get(items)
        if told is None:
            if len(self.objects) >= _KEPT_MAX:
                self.objects.clear()
            of = [
                f"{self[name]}:{self[value] if isinstance(value, str) else int(value)}"
                for name, value in sorted(items)
            ]
            told = self.objects[items] = f"{{{','.join(of)}}}"
        return told


def row_json(row: ReleaseRow, told: JsonTexts) -> bytes:
    """Return the canonical JSON of a row, the very bytes that its hash stands for.

    It is what `canonical_json` of the row as an object gives, without the walk over its types.

    raises   UnreleasableRow: a value that its kind does not have, text that is no Unicode text,
             or more than ROW_BYTES_MAX bytes
    """
    _check_value(row)
    try:
        raw = _row_text(row, told).encode()
    except (UnicodeEncodeError, TypeError):
        raise _unspeakable(row) from None
    if len(raw) > ROW_BYTES_MAX:
        longest = max(_texts_of(row), key=lambda named: len(str(named[1])))[0]
        message = f"row {row.key[:200]!r}, {longest}: {len(raw):,} bytes, over {ROW_BYTES_MAX:,}"
        raise UnreleasableRow(message, row=row.key[:200], field=longest)
    return raw


def in_order(rows: Iterable[ReleaseRow]) -> list[ReleaseRow]:
    """Return the rows by key.

    raises   UnreleasableRow: two of the same key, none at all, or more than ROWS_MAX
    """
    ordered = sorted(rows, key=lambda row: row.key)
    for one, other in pairwise(ordered):
        if one.key == other.key:
            raise _bad(one, "key", "more than one row bears it")
    if not 0 < len(ordered) <= ROWS_MAX:
        message = f"a release holds 1 to {ROWS_MAX:,} rows, not {len(ordered):,}"
        raise UnreleasableRow(message, rows=len(ordered))
    return ordered


def release_root(facts: Mapping[str, object], row_hashes: Sequence[bytes]) -> bytes:
    """Return the root over the facts and the rows.

    facts        as `release_facts.facts_json` gives them
    row_hashes   the SHA-256 of each row's canonical JSON, by key
    """
    return root_of([sha256(canonical_json(facts).encode()).digest(), *row_hashes])


def version_of(root: bytes) -> str:
    """Return the version that a root stands for: `v-` and its first 16 digits."""
    return f"v-{root.hex()[:_VERSION_DIGITS]}"


def _row_text(row: ReleaseRow, told: JsonTexts) -> str:
    confidence = "null" if row.confidence is None else repr(float(row.confidence))
    return (
        f'{{"attributes":{told.object_of(row.attributes)},"confidence":{confidence}'
        f',"decisions":[{",".join(map(encode_basestring, row.decisions))}]'
        f',"judgments":[{",".join(map(encode_basestring, row.judgments))}]'
        f',"key":{encode_basestring(row.key)},"kind":"{row.kind}","prompt":{told[row.prompt]}'
        f',"texts":[{",".join([told[text] for text in row.texts])}]'
        f',"value":{_value_text(row.value, told)},"votes":{told.object_of(row.votes)}}}'
    )


def _value_text(value: RowValue, told: JsonTexts) -> str:
    if isinstance(value, str):
        return told[value]
    if isinstance(value, tuple):
        return f"[{','.join(map(str, value))}]"
    return repr(float(value))


def _check_value(row: ReleaseRow) -> None:
    """Refuse what the row's kind does not have; most rows are pairs, and of them it is quick.

    raises   UnreleasableRow
    """
    if row.confidence is not None and not 0 <= row.confidence <= 1:
        raise _bad(row, "confidence", f"from 0 to 1, not {row.confidence!r}")
    if row.kind is ProjectKind.PAIRWISE:
        if len(row.texts) != len(SIDES):
            raise _bad(row, "texts", f"a pair is of two texts, not {len(row.texts)}")
        if row.value not in _PAIR_VALUES:
            raise _bad(row, "value", f"a, b or tie, not {row.value!r}")
    elif not 0 < len(row.texts) <= TEXTS_MAX:
        raise _bad(row, "texts", f"1 to {TEXTS_MAX} texts, not {len(row.texts)}")
    else:
        _check_single(row, row.value)


def _check_single(row: ReleaseRow, value: RowValue) -> None:
    """Refuse what a label, a rating or a ranking cannot be."""
    match row.kind:
        case ProjectKind.LABEL:
            if not isinstance(value, str) or not value:
                raise _bad(row, "value", f"a label, not {value!r}")
        case ProjectKind.RATING:
            if isinstance(value, str | tuple | bool) or not math.isfinite(value):
                raise _bad(row, "value", f"a finite number, not {value!r}")
        case ProjectKind.RANKING:
            if not isinstance(value, tuple) or sorted(value) != list(range(len(row.texts))):
                raise _bad(row, "value", f"each place of its texts once, not {value!r}")


def _unspeakable(row: ReleaseRow) -> UnreleasableRow:
    """Say which field of a row has no UTF-8."""
    for field, text in _texts_of(row):
        if not isinstance(text, str):
            return _bad(row, field, f"text, not {type(text).__name__}")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            return _bad(row, field, f"character {error.start + 1} is half of a pair, no text")
    return _bad(row, "votes", "whole numbers")


def _texts_of(row: ReleaseRow) -> list[tuple[str, object]]:
    """Return what of a row should be text, beside the name of its field."""
    return [
        ("key", row.key),
        ("prompt", row.prompt),
        *((f"texts[{at}]", text) for at, text in enumerate(row.texts)),
        ("value", row.value if isinstance(row.value, str) else ""),
        *(("votes", name) for name in row.votes),
        *((f"attributes[{at}]", name) for at, name in enumerate(row.attributes)),
        *((f"attributes[{at}]", text) for at, text in enumerate(row.attributes.values())),
        *((f"judgments[{at}]", name) for at, name in enumerate(row.judgments)),
        *((f"decisions[{at}]", name) for at, name in enumerate(row.decisions)),
    ]


def _bad(row: ReleaseRow, field: str, said: str) -> UnreleasableRow:
    key = str(row.key)[:200]
    return UnreleasableRow(f"row {key!r}, {field}: {said}", row=ascii(key), field=field)
