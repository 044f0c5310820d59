"""Other people's words made safe to keep: bounded, one line, no control characters."""

import unicodedata
from functools import lru_cache

CAUSE_CHARACTERS_MAX = 200
UNKNOWN_CAUSES = frozenset({"", "n/a", "none", "-", "?", "other"})


def plain_words(text: str, *, limit: int = CAUSE_CHARACTERS_MAX) -> str:
    """Return `text` on one line without control or direction marks, at most `limit` characters."""
    kept = "".join(
        " " if unicodedata.category(letter) in {"Cc", "Zl", "Zp"} else letter
        for letter in text[: limit * 4]
        if unicodedata.category(letter) not in {"Cf", "Cs", "Co", "Cn"}
    )
    words = " ".join(kept.split())
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"


@lru_cache(maxsize=4096)
def is_unknown(cause: str) -> bool:
    """Say whether the source gave no cause: nothing, or a word for not knowing.

    Only the last part of a path such as "Other Failure / Unknown Error" is read, and "unknow" is
    enough: real sources spell it "GPU device unknow error".
    """
    last = cause.rsplit("/", 1)[-1].strip().lower()
    return last in UNKNOWN_CAUSES or "unknow" in last
