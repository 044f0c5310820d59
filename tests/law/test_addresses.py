"""No page or template spells an address of the control room: it is reversed from its URL's name."""

import re

from tests.law.test_rooms import SOURCE

SPELLED = re.compile(
    r"""(href|action|then|f?["'(=])=?["']?/(fleet|crew|loop|proposals|actions|brake|audit|sign-in|sign-out|_gallery)\b"""
)


def test_addresses_are_reversed_not_spelled():
    spelled = [
        f"{path.relative_to(SOURCE)}:{number}: {line.strip()[:80]}"
        for pattern in ("*/pages/*.py", "*/templates/**/*.html")
        for path in sorted(SOURCE.glob(pattern))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if SPELLED.search(line)
    ]
    assert spelled == []
