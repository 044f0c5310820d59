"""Reads the documents of a Kubernetes manifest, YAML or JSON; what could mean two is refused."""

import json
from collections.abc import Hashable
from typing import Any

import yaml

from scuderia.basics.errors import BadInput

MANIFEST_BYTES_MAX = 2**20


class BadManifest(BadInput):
    """A manifest is no YAML or JSON, or says one thing twice."""

    code = "FREEZE-025"
    remedy = "Write YAML or JSON of at most 1 MiB, without aliases, each key once."


class _Loader(yaml.SafeLoader):
    """No aliases, which can grow without bound, and no key twice, of which one would be lost."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise BadManifest("an alias (*name) stands in it; write a schedule in quotes")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - the signature is PyYAML's
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        _refuse_doubled(names)
        return super().construct_mapping(node, deep=deep)


def read_documents(raw: bytes) -> list[object]:
    """Return the documents, in order.

    raises   BadManifest
    """
    if len(raw) > MANIFEST_BYTES_MAX:
        raise BadManifest(f"{len(raw):,} bytes, more than {MANIFEST_BYTES_MAX:,}")
    try:
        text = raw.decode("utf-8-sig")
        if text.lstrip().startswith("{"):
            return [json.loads(text, object_pairs_hook=_pairs)]
        # A SafeLoader's child: it makes plain values and nothing else.
        return list(yaml.load_all(text, Loader=_Loader))
    except RecursionError:
        raise BadManifest("it is nested too deep") from None
    except (yaml.YAMLError, ValueError) as error:
        raise BadManifest(f"it cannot be read: {' '.join(str(error).split())[:200]}") from None


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    _refuse_doubled([name for name, _ in pairs])
    return dict(pairs)


def _refuse_doubled(names: list[str]) -> None:
    met: set[str] = set()
    for name in names:
        if name in met:
            raise BadManifest(f"the key {name[:60]!r} stands twice in one place")
        met.add(name)
