"""What of a release is not as it was, by file and row: all of it counted, the first of it told."""

from dataclasses import dataclass, field

FAULTS_MAX = 100


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it was released.

    file   its path inside the release
    what   in words
    row    the key of the row, where it is one row's
    at     which row of the table, or which line of another file, from 1; 0 for none
    """

    file: str
    what: str
    row: str = ""
    at: int = 0


@dataclass(slots=True)
class Faults:
    """What the checks found so far.

    first     the first FAULTS_MAX
    total     how many there are
    checked   what was held against what it should be, and how much of it
    """

    first: list[Fault] = field(default_factory=list)
    total: int = 0
    checked: dict[str, int] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)

    def add(self, file: str, what: str, row: str = "", at: int = 0) -> None:
        """Note a fault; past FAULTS_MAX it is only counted."""
        self.total += 1
        self.files.add(file)
        if len(self.first) < FAULTS_MAX:
            self.first.append(Fault(file, what, row, at))

    def count(self, what: str, many: int = 1) -> None:
        """Note that so many of `what` were checked."""
        self.checked[what] = self.checked.get(what, 0) + many
