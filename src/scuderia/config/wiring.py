"""Puts the rooms together: their powers, ports and playbooks, and the durable runner."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from scuderia.basics.actors import Actor
from scuderia.basics.rooms import opened
from scuderia.basics.subjects import EVERYTHING
from scuderia.config.databases import runs_address, tables_url
from scuderia.config.head_stores import head_stores, heads_every
from scuderia.config.heartbeat_stores import FileHeartbeats, ServerHeartbeats
from scuderia.config.home import current_home, read_secret
from scuderia.config.home_identity import read_identity
from scuderia.config.notification_channels import notification_channels
from scuderia.config.processes.home_lock import clock_of
from scuderia.config.pull_stores import FilePulls, ServerPulls
from scuderia.config.rooms import rooms
from scuderia.config.single_sign_on import single_sign_on
from scuderia.connectors.dbos.store import store_url
from scuderia.loop.ports import registry as loop
from scuderia.web.search import add_search, searched

if TYPE_CHECKING:
    from scuderia.connectors.dbos.runner import DbosRunner

Given = ParamSpec("Given")
Returned = TypeVar("Returned")


def register() -> None:
    """Register what every process needs; the runner is registered by the worker alone."""
    home = current_home()
    loop.clock = clock_of(home)
    loop.home_id = told.id if (told := read_identity(home)) else ""
    loop.pulls = ServerPulls() if tables_url() else FilePulls(home.pulls)
    loop.heartbeats = ServerHeartbeats() if tables_url() else FileHeartbeats(home.heartbeats)
    searched.holds = _holds_everywhere
    loop.single_sign_on = single_sign_on(os.environ)
    loop.head_stores, loop.heads_every = head_stores(os.environ, home), heads_every(os.environ)
    loop.channels = notification_channels(os.environ, read_secret(home))
    for room in rooms():
        add_search(room)
        for power in room.powers:
            loop.register_power(power)
        if room.register:
            opened(room.register)(home.path)
        if room.playbook:
            opened(room.playbook)(loop)


def _holds_everywhere(actor: Actor, power: str) -> bool:
    """Say whether the actor holds the power on everything; asked once the tables are there."""
    from scuderia.loop.queries.access import may

    return may(actor, power, frozenset({EVERYTHING}))


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
