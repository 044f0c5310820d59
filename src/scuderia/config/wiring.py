"""The table of contents of the product: which part fills which port."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from scuderia.config.databases import runs_address
from scuderia.config.home import current_home
from scuderia.config.processes.home_lock import clock_of
from scuderia.connectors.dbos.store import store_url
from scuderia.connectors.embedded.executor import EmbeddedControl
from scuderia.connectors.embedded.reader import EmbeddedReader
from scuderia.crew.playbook import roster
from scuderia.fleet.playbook import catalogue
from scuderia.fleet.ports import registry as fleet
from scuderia.loop.ports import registry as loop

if TYPE_CHECKING:
    from scuderia.connectors.dbos.runner import DbosRunner

Given = ParamSpec("Given")
Returned = TypeVar("Returned")


def register() -> None:
    """Register what every process needs; the runner is registered by the worker alone."""
    loop.clock = clock_of(current_home())
    register_embedded_fleet()
    catalogue.register(loop)  # action kinds and executors, evidence, detectors, lineage
    roster.register(loop)  # the agents


def register_embedded_fleet() -> None:
    """Register the demo's outside world, where this home has one."""
    world = current_home().embedded_fleet
    if world.exists():
        fleet.reader = EmbeddedReader(world, loop.clock)
        fleet.control = EmbeddedControl(world, loop.clock)


def register_runner(executor_id: str | None = None) -> "DbosRunner":
    """Register the durable runner; for the one process that carries runs out."""
    from scuderia.connectors.dbos.runner import DbosRunner
    from scuderia.connectors.dbos.steps import RunSteps
    from scuderia.loop.operations import actions

    steps = RunSteps(
        begin=_on_fresh_connections(
            lambda action_id: actions.begin_action(action_id, now=loop.clock.now())
        ),
        perform=_on_fresh_connections(
            lambda action_id, index: actions.run_step(action_id, index, now=loop.clock.now())
        ),
        finish=_on_fresh_connections(
            lambda action_id: actions.finish_action(action_id, now=loop.clock.now()).value
        ),
    )
    runner = DbosRunner(runs_url(), steps, executor_id=executor_id)
    loop.runner = runner
    return runner


def _on_fresh_connections(call: Callable[Given, Returned]) -> Callable[Given, Returned]:
    """Return the call, letting go of its thread's database connections afterwards."""
    from django.db import close_old_connections

    def fresh(*args: Given.args, **kwargs: Given.kwargs) -> Returned:
        try:
            return call(*args, **kwargs)
        finally:
            close_old_connections()

    return fresh


def runs_url() -> str:
    """Return where the runs are kept: the home's own file, or PostgreSQL by its address."""
    return store_url(current_home().runs, postgres_url=runs_address())
