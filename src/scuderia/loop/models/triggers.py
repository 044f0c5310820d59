"""Database triggers made from the table of legal moves, for SQLite and PostgreSQL.

They hold against any writer, raw SQL included: an illegal move, a birth in a later state, a
change or removal of a decision, a signal or an audit entry is refused by the database itself.
"""

from collections.abc import Iterator, Mapping

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from scuderia.loop.engine.transitions import FIRST, MOVES

KEPT_FOR_EVER = (
    "loop_auditentry",
    "loop_decision",
    "loop_decisionuse",
    "loop_edit",
    "loop_signal",
)
"""Append-only: no row of these is ever changed or removed."""

NEVER_REMOVED = ("loop_proposal", "loop_action", "loop_effect", "loop_outcome", "loop_grant")
BOUND: Mapping[str, tuple[str, ...]] = {
    "loop_action": ("digest", "decision_id", "proposal_id", "kind", "targets", "params"),
    "loop_effect": ("key", "action_id", "step"),
    "loop_runrequest": ("action_id", "attempt"),
}
"""Columns that a row keeps from its birth."""


_LIVE = "{row}.state IN ('queued', 'running') OR ({row}.state = 'halted' AND {row}.resumable)"
UNIQUE: Mapping[str, tuple[tuple[tuple[str, ...], str], ...]] = {
    "loop_auditentry": ((("seq",), ""), (("hash",), "")),
    "loop_decision": ((("id",), ""), (("proposal_id", "serial"), "")),
    "loop_decisionuse": ((("decision_id",), ""),),
    "loop_edit": ((("id",), ""),),
    "loop_signal": ((("id",), ""), (("dedup_key",), "")),
    "loop_proposal": ((("id",), ""), (("filed_by", "dedup_key"), "{row}.state = 'pending'")),
    "loop_action": (
        (("id",), ""), (("decision_id",), ""), (("proposal_id",), _LIVE), (("undo_of_id",), _LIVE),
    ),
    "loop_effect": ((("id",), ""), (("key",), ""), (("action_id", "step"), "")),
    "loop_outcome": ((("action_id",), ""),),
    "loop_grant": (
        (("id",), ""), (("agent", "kind", "scope"), "{row}.state IN ('active', 'suspended')"),
    ),
    "loop_membership": ((("id",), ""), (("person_id", "scope"), "{row}.taken_at IS NULL")),
}  # fmt: skip
"""What may stand once in a table, and while which condition holds of the row.

SQLite's REPLACE removes whatever stands in the way of a new row without asking the triggers of
removal; so a row that would be in the way is refused before that, in the words of a constraint.
"""


def install(schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Make every trigger, replacing the ones that stand."""
    remove(schema_editor)
    vendor = schema_editor.connection.vendor
    for name, table, event, condition, said in _rules(vendor):
        for statement in _create(vendor, name, table, event, condition, said):
            schema_editor.execute(statement)


def let_replace(schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Drop the triggers against replacing alone; for a migration that goes back before them."""
    for name, *_ in _against_replacing() if schema_editor.connection.vendor == "sqlite" else ():
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}")


def remove(schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Drop every trigger; for a migration that replaces them, and for tests that must flush."""
    vendor = schema_editor.connection.vendor
    for name, table, *_ in _rules(vendor):
        if vendor == "postgresql":
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
            schema_editor.execute(f"DROP FUNCTION IF EXISTS {name}()")
        else:
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}")


def _rules(vendor: str) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield name, table, event, the condition that refuses, and what is said."""
    for noun, moves in MOVES.items():
        table = f"loop_{noun}"
        legal = " OR ".join(
            f"(OLD.state = '{before}' AND NEW.state IN ({_words(after)}))"
            for before, after in moves.items()
            if after
        )
        condition = f"OLD.state <> NEW.state AND NOT ({legal})"
        yield f"{table}_moves", table, "UPDATE", condition, f"illegal move of a {noun}"
        born = f"NEW.state NOT IN ({_words(FIRST[noun])})"
        yield f"{table}_birth", table, "INSERT", born, f"a {noun} is not born in this state"
    for table in KEPT_FOR_EVER:
        yield f"{table}_unchanged", table, "UPDATE", "1 = 1", f"{table} is append-only"
        yield f"{table}_kept", table, "DELETE", "1 = 1", f"{table} is append-only"
    for table in NEVER_REMOVED:
        yield f"{table}_stays", table, "DELETE", "1 = 1", f"a row of {table} is never removed"
    for table, columns in BOUND.items():
        changed = " OR ".join(f"OLD.{column} <> NEW.{column}" for column in columns)
        yield f"{table}_bound", table, "UPDATE", changed, f"what a row of {table} names is fixed"
    final = "OLD.verdict IS NOT NULL AND (NEW.verdict IS NULL OR OLD.verdict <> NEW.verdict)"
    yield "loop_outcome_final", "loop_outcome", "UPDATE", final, "a verdict is final"
    if vendor == "sqlite":  # PostgreSQL has no REPLACE
        yield from _against_replacing()


def _against_replacing() -> Iterator[tuple[str, str, str, str, str]]:
    for table, uniques in UNIQUE.items():
        said = f"a row of {table} stands there already"
        for event, but in (("INSERT", ""), ("UPDATE", " AND kept.rowid <> OLD.rowid")):
            ways = []
            for columns, condition in uniques:
                same = " AND ".join(f"kept.{column} = NEW.{column}" for column in columns)
                held = "".join(
                    f" AND ({condition.format(row=row)})" for row in ("kept", "NEW") if condition
                )
                way = f"SELECT 1 FROM {table} AS kept WHERE {same}{held}{but}"  # noqa: S608 - ours
                ways.append(f"EXISTS ({way})")
            yield f"{table}_no_{event.lower()}_over", table, event, " OR ".join(ways), said


def _create(
    vendor: str, name: str, table: str, event: str, condition: str, said: str
) -> Iterator[str]:
    if vendor == "postgresql":
        yield (
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$"
            f" BEGIN RAISE EXCEPTION '{said}' USING ERRCODE = 'integrity_constraint_violation';"
            " END $$"
        )
        yield (
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW"
            f" WHEN ({condition}) EXECUTE FUNCTION {name}()"
        )
    else:
        yield (
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW"
            f" WHEN {condition} BEGIN SELECT RAISE(ABORT, '{said}'); END"
        )


def _words(states: frozenset[object]) -> str:
    return ", ".join(f"'{state}'" for state in sorted(map(str, states)))
