"""Other people's words: what is told fast is told as the slow rule tells it, letter by letter."""

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from scuderia.basics.safe_text import plain_words


def letter_by_letter(text, limit):
    kept = ""
    for letter in text[: limit * 4]:
        category = unicodedata.category(letter)
        if category in {"Cc", "Zl", "Zp"}:
            kept += " "
        elif category not in {"Cf", "Cs", "Co", "Cn"}:
            kept += letter
    words = " ".join(kept.split())
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"


@given(st.text(max_size=60), st.integers(1, 12))
@example("a\u00a0 b\u202e", 12)
@example("gpu  fell off\tthe bus", 40)
@example("x" * 13, 12)
def test_words_are_made_safe_as_letter_by_letter(text, limit):
    assert plain_words(text, limit=limit) == letter_by_letter(text, limit)
