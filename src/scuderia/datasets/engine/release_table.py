"""The rows as a table: Parquet in groups of a few rows, so that damage is named closely."""

from collections.abc import Callable, Mapping, Sequence
from io import RawIOBase
from itertools import chain, pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scuderia.datasets.engine.releases import ReleaseRow, RowValue
from scuderia.datasets.nouns import ProjectKind

GROUP_ROWS = 1_000
DATA_FILE = "data/train-00000-of-00001.parquet"

_TEXTS = pa.list_(pa.string())
SCHEMA = pa.schema(
    [
        ("key", pa.string()),
        ("kind", pa.string()),
        ("prompt", pa.string()),
        ("texts", _TEXTS),
        ("value", pa.string()),
        ("rating", pa.float64()),
        ("order", pa.list_(pa.int32())),
        ("confidence", pa.float64()),
        ("votes", pa.list_(pa.struct([("value", pa.string()), ("count", pa.int64())]))),
        ("attributes", pa.list_(pa.struct([("name", pa.string()), ("value", pa.string())]))),
        ("judgments", _TEXTS),
        ("decisions", _TEXTS),
    ]
)
"""`value` is of pairs and labels, `rating` of ratings, `order` of rankings; else null or empty."""


def table_writer(sink: RawIOBase) -> Any:
    """Return a writer of SCHEMA into `sink`; the same batches give the same bytes."""
    return pq.ParquetWriter(
        sink,
        SCHEMA,
        compression="zstd",
        compression_level=1,
        use_dictionary=False,
        write_statistics=False,
        store_schema=False,
    )


def batch_of(rows: Sequence[ReleaseRow]) -> Any:
    """Return the rows as one batch of SCHEMA."""
    return pa.RecordBatch.from_arrays(
        [
            _strings([row.key for row in rows]),
            _strings([row.kind.value for row in rows]),
            _strings([row.prompt for row in rows]),
            _lists([row.texts for row in rows], _strings),
            _strings([row.value if isinstance(row.value, str) else None for row in rows]),
            pa.array(
                [row.value if row.kind is ProjectKind.RATING else None for row in rows],
                pa.float64(),
            ),
            _lists(
                [row.value if isinstance(row.value, tuple) else () for row in rows],
                lambda flat: pa.array(flat, pa.int32()),
            ),
            pa.array([row.confidence for row in rows], pa.float64()),
            _lists(_by_name([row.votes for row in rows]), _votes),
            _lists(_by_name([row.attributes for row in rows]), _attributes),
            _lists([row.judgments for row in rows], _strings),
            _lists([row.decisions for row in rows], _strings),
        ],
        schema=SCHEMA,
    )


def rows_of(batch: Any) -> list[ReleaseRow]:
    """Return the rows of a batch of SCHEMA.

    raises   ValueError, TypeError: what is in it was never written by this module
    """
    column = {name: batch.column(at) for at, name in enumerate(SCHEMA.names)}
    kinds = {kind.value: kind for kind in ProjectKind}
    try:
        return [
            ReleaseRow(
                key=key,
                kind=kinds[kind],
                prompt=prompt,
                texts=texts,
                value=_value(kind, value, rating, order),
                confidence=confidence,
                votes=dict(votes),
                attributes=dict(attributes),
                judgments=judgments,
                decisions=decisions,
            )
            for (
                key, kind, prompt, texts, value, rating, order, confidence, votes, attributes,
                judgments, decisions,
            ) in zip(*map(_plain, column.values()), strict=True)
        ]  # fmt: skip
    except KeyError as error:
        message = f"no kind of project: {error}"
        raise ValueError(message) from None


def _plain(column: Any) -> list[Any]:
    """Return what a column holds; a list as a tuple, a vote or an attribute as a pair."""
    if not pa.types.is_list(column.type):
        found: list[Any] = column.to_pylist()
        return found
    if column.null_count:
        message = "a list is absent"
        raise ValueError(message)
    values = column.values
    if pa.types.is_struct(values.type):
        flat = list(zip(*(values.field(at).to_pylist() for at in range(2)), strict=True))
    else:
        flat = values.to_pylist()
    ends = column.offsets.to_pylist()
    return [tuple(flat[begin:end]) for begin, end in pairwise(ends)]


def _value(kind: str, value: str | None, rating: float | None, order: tuple[int, ...]) -> RowValue:
    if kind == ProjectKind.RANKING.value:
        return order
    found = rating if kind == ProjectKind.RATING.value else value
    if found is None:
        message = f"no value for a {kind}"
        raise ValueError(message)
    return found


def _strings(texts: Sequence[str | None]) -> Any:
    return pa.array(texts, pa.string())


def _lists(of: Sequence[Sequence[Any]], values: Callable[[list[Any]], Any]) -> Any:
    """Return a list column: the values one after another, and where each list begins."""
    offsets = np.zeros(len(of) + 1, dtype=np.int32)
    np.cumsum([len(one) for one in of], out=offsets[1:])
    return pa.ListArray.from_arrays(pa.array(offsets), values(list(chain.from_iterable(of))))


def _by_name(named: Sequence[Mapping[str, Any]]) -> list[list[tuple[str, Any]]]:
    """Return the items of each by name; equal ones, which are most, are sorted once."""
    known: dict[tuple[tuple[str, Any], ...], list[tuple[str, Any]]] = {}
    found = []
    for one in named:
        items = tuple(one.items())
        if items not in known:
            known[items] = sorted(items)
        found.append(known[items])
    return found


def _votes(flat: list[tuple[str, int]]) -> Any:
    return pa.StructArray.from_arrays(
        [_strings([name for name, _ in flat]), pa.array([count for _, count in flat], pa.int64())],
        names=["value", "count"],
    )


def _attributes(flat: list[tuple[str, str]]) -> Any:
    return pa.StructArray.from_arrays(
        [_strings([name for name, _ in flat]), _strings([value for _, value in flat])],
        names=["name", "value"],
    )
