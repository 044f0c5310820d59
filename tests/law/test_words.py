"""The words that left stay away: no module, class, function or parameter bears one again.

Each had several meanings, or a meaning in the field that it did not have here. What is said
instead stands beside it; docs/glossary.md has the words that stay.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.law.test_rooms import ROOT, SOURCE
from tests.law.trees import nodes_of

PARTS = {
    "asking": "request_context, forms, periods",
    "authority": "access for who may, grants for how far an agent may",
    "beat": "heartbeat, or the scheduler's ScheduledTask",
    "books": "facts, or the noun that is kept: outages, allocations",
    "breakage": "outage_statistics",
    "door": "auth, commands, common, base_views",
    "drafting": "proposal_builders",
    "eyes": "polling",
    "hand": "runner, or assign_ for what is given out",
    "lane": "TaskThread",
    "leash": "parent_watch",
    "mishap": "fault, fault_injection",
    "orphan": "dead worker, for a run that lost its worker",
    "picture": "snapshot",
    "plug": "register",
    "pulse": "heartbeat",
    "regret": "cost_of_delay",
    "revive": "requeue",
    "shell": "page_chrome",
    "sight": "state, view",
    "socket": "registry, port",
    "spelling": "json_codec",
    "standing": "preflight, lineage, or the state's own name",
    "stray": "unclaimed run",
}
"""A part of any name, singular or plural."""

NAMES = {
    "bind": "resolve",
    "Bound": "ResolvedPlan",
    "cells": "tiles",
    "judge": "check_plan",
    "Judgement": "PreflightReport",
    "look": "Agent.look alone looks; observe, read or show otherwise",
    "NodeCell": "Tile",
    "NodeLook": "NodeView",
    "Powers": "the grant's own name",
    "refuse_level": "level_for, which returns the grant; a refuse_* raises or returns nothing",
    "said": "form_value",
    "Senses": "AgentContext",
    "SessionDoor": "SessionAuth",
    "Stop": "StopKind, StopReason",
    "TokenDoor": "TokenAuth",
    "Way": "StopKind",
    "who": "request_actor",
}
"""The whole name of a class or a function."""

MODULES = {
    "acting": "command_actor",
    "answers": "decisions",
    "api/keeping": "audit",
    "api/places": "nodes, outages, customers, spare_pools",
    "api/powers": "people, brakes, grants",
    "binding": "preflight",
    "bounds": "blast_radius",
    "chain": "audit_chain",
    "compiling": "jit",
    "deciding": "proposals, decisions",
    "declarations": "action_kinds",
    "done": "actions, decisions, effects, outcomes",
    "drawing": "svg",
    "drawn": "display",
    "draws": "random_draws",
    "execution": "actions",
    "futures": "forecasts",
    "given": "grants, brakes",
    "guards": "preflight, or the noun that is guarded",
    "heartbeats": "workers",
    "kept": "audit, workers",
    "levels": "grants",
    "limits": "caveats",
    "loading": "facts",
    "machines": "nodes",
    "measures": "outcomes",
    "moves": "transitions",
    "operations/rounds": "agents",
    "order": "event_order",
    "packet": "evidence_packet",
    "packets": "evidence_packet",
    "parts": "components",
    "passes": "kernels",
    "playbook/cluster": "cluster_executor",
    "playbook/kinds": "action_kinds",
    "playbook/pools": "spare_pools",
    "proposed": "proposals",
    "queries/crew": "agents",
    "queries/places": "inventory, customers, spare_pools, lineage",
    "queue": "proposals",
    "reach": "access",
    "reading": "the intake reads files",
    "returning": "halting",
    "rows": "the noun's own file",
    "running": "actions, agents, evidence",
    "runs": "actions",
    "seen": "signals, findings, agents",
    "serving": "home_lock",
    "settle": "gc_tuning",
    "shapes": "a schema stands beside its routes",
    "shown": "output",
    "verbs": "control_verbs",
    "words": "safe_text",
}
"""A file's name; with a folder before it, there alone."""

EXCEPTIONS = {
    "loop/ports.py look": "the port Agent: the one thing that looks",
    "crew/agents/fleet_agent.py look": "fills the port Agent",
    "loop/operations/proposal_filing.py four_eyes": "the field's word for a second person's yes",
    "loop/api/proposals.py resolve_regret_gpu_hours_per_day": "an old key of JSON, for one release",
    "fleet/queries/facts.py NothingOnTheBooks": "the class of a documented error",
}
"""Each with its reason; the list may only shrink."""


@cache
def parts_of(name: str) -> list[str]:
    return [part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def borne(name: str, words: dict[str, str]) -> Iterator[str]:
    parts = set(parts_of(name))
    yield from (word for word in words if not parts.isdisjoint({word, f"{word}s"}))


def named_in(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield each name that the file declares, and whether it is a class's or a function's."""
    for node in nodes_of(path):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, True
        elif isinstance(node, ast.arg):
            yield node.arg, False


def left_in_names(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (what bears it, what to say instead) for the names within one file."""
    for name, is_declared in named_in(path):
        for word in borne(name, PARTS):
            yield name, f"{word!r} left: say {PARTS[word]}"
        if is_declared and name in NAMES:
            yield name, f"{name!r} left: say {NAMES[name]}"


def left_in_path(path: Path) -> Iterator[tuple[str, str]]:
    for word in borne(path.stem, PARTS):
        yield "", f"{word!r} left: say {PARTS[word]}"
    for name in {path.stem, f"{path.parent.name}/{path.stem}"} & MODULES.keys():
        yield "", f"the file {name!r} left: say {MODULES[name]}"


def found_in(path: Path, place: str) -> list[tuple[str, str]]:
    """Return (where, what to say instead), but for what is excepted."""
    found = [*left_in_path(path), *left_in_names(path)]
    told = {(f"{place} {name}".strip(), instead) for name, instead in found}
    return sorted(one for one in told if one[0] not in EXCEPTIONS)


def source_files() -> list[Path]:
    return [path for path in sorted(SOURCE.rglob("*.py")) if "migrations" not in path.parts]


def test_no_name_bears_a_word_that_left():
    found = [
        hit for path in source_files() for hit in found_in(path, str(path.relative_to(SOURCE)))
    ]
    assert found == []


def test_every_exception_is_still_needed():
    told = {
        f"{path.relative_to(SOURCE)} {name}".strip()
        for path in source_files()
        for name, _ in (*left_in_path(path), *left_in_names(path))
    }
    assert sorted(EXCEPTIONS.keys() - told) == []


@pytest.mark.parametrize(
    ("file", "text", "instead"),
    [
        ("pages/forms.py", "class TokenDoors: ...", "base_views"),
        ("pages/forms.py", "def f(plugged_socket): ...", "registry"),
        ("pages/forms.py", "def said(request): ...", "form_value"),
        ("pages/forms.py", "class A:\n    async def standing_of(self): ...", "preflight"),
        ("queries/rows.py", "", "the noun's own file"),
        ("api/powers.py", "", "people, brakes, grants"),
        ("jobs/heart_beats.py", "", "ScheduledTask"),
    ],
)
def test_a_word_that_left_is_seen_wherever_it_comes_back(file, text, instead, tmp_path):
    path = tmp_path / file
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    assert instead in found_in(path, file)[0][1]


@pytest.mark.parametrize("text", ["def f(handle, heartbeat): ...", "def outlook(): ..."])
def test_words_that_merely_hold_one_are_no_such_word(text, tmp_path):
    path = tmp_path / "plain.py"
    path.write_text(text, encoding="utf-8")
    assert found_in(path, "plain.py") == []


def test_the_glossary_uses_no_word_that_left():
    words = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    used = [line.split("|")[1].strip() for line in words if line.startswith("|")]
    assert [word for word in used if list(borne(word, PARTS))] == []
