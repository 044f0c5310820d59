"""Other people's words made safe to keep: bounded, one line, no control characters."""

import unicodedata

CAUSE_CHARACTERS_MAX = 200


def plain_words(text: str, *, limit: int = CAUSE_CHARACTERS_MAX) -> str:
    """Return `text` on one line without control or direction marks, at most `limit` characters."""
    if len(text) <= limit and text.isprintable():  # then no letter is of these categories
        return " ".join(text.split())
    kept = "".join(
        " " if unicodedata.category(letter) in {"Cc", "Zl", "Zp"} else letter
        for letter in text[: limit * 4]
        if unicodedata.category(letter) not in {"Cf", "Cs", "Co", "Cn"}
    )
    words = " ".join(kept.split())
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"
