"""The stage of a crash: a served home, everything that was done on it, and what was killed."""

import http.client
import itertools
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.homes import Home

UP_WITHIN_S = 120.0
CLI = (sys.executable, "-m", "scuderia.config")
Told = dict[str, Any]


@dataclass
class Act:
    """One act as its doer knows it; its reason is found in the audit. `status` 0: no answer."""

    reason: str
    path: str
    status: int = 0
    action_id: str = ""
    code: str = ""

    @property
    def is_acknowledged(self) -> bool:
        """Say whether it was answered with success."""
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP's successes


@dataclass
class Stage:
    """The home, its supervisor, every act, every import by its source, and the kills by kind."""

    home: Home
    seed: int
    acts: list[Act] = field(default_factory=list)
    imports: dict[str, bool] = field(default_factory=dict)  # source -> answered with success
    backups: dict[str, bool] = field(default_factory=dict)  # file -> answered with success
    kills: Counter[str] = field(default_factory=Counter)
    orphans: int = 0
    numbers: Iterator[int] = field(default_factory=itertools.count)
    process: subprocess.Popen[bytes] | None = None

    @property
    def supervisor(self) -> subprocess.Popen[bytes]:
        """Return the supervisor that serves now, or served last."""
        if self.process is None:
            raise SystemExit("nothing serves")
        return self.process

    @property
    def world(self) -> Path:
        """Return the fleet's own file."""
        return self.home.path / "embedded-fleet.sqlite3"

    def started(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a process on the home, in a session of its own."""
        with (self.home.path / "logs" / "bench.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - ours
                [*CLI, *words], env=self.home.environment, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def serve(self) -> None:
        """Start the supervisor, again where the port is not free yet."""
        while self.process is None or self.process.poll() is not None:
            self.process = self.started(
                "serve", "--port", str(self.home.port), "--crew-every", "15"
            )
            time.sleep(1.0)

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Send one request; status 0 where no whole answer came."""
        try:
            status, said = self.home.ask(method, path, body)
            told = json.loads(said) if said else {}
            return status, told.get("error", told)
        except (http.client.HTTPException, ValueError):
            return 0, {}

    def items(self, path: str) -> list[Told]:
        """Return the items of a list; none where nobody answered."""
        status, said = self.ask("GET", path)
        return list(said["items"]) if status == 200 else []  # noqa: PLR2004 - HTTP's OK

    def act(self, path: str, body: Mapping[str, object] | None = None) -> None:
        """Do something as a person, once, with a reason that no other act has."""
        act = Act(f"crash {self.seed} act {next(self.numbers)}", path)
        self.acts.append(act)
        status, said = self.ask("POST", path, {**(body or {}), "reason": act.reason})
        act.action_id, act.code = said.get("action_id", ""), said.get("code", "")
        act.status = status

    def await_open(self) -> None:
        """Wait until the control room answers."""
        deadline = time.monotonic() + UP_WITHIN_S
        while self.ask("GET", "/health")[0] != 200:  # noqa: PLR2004 - HTTP's OK
            if time.monotonic() > deadline:
                raise SystemExit(f"no answer within {UP_WITHIN_S:.0f} s")
            time.sleep(0.3)
