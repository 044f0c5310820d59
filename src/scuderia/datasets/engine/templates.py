"""Fixed text that many rows share, taken off before they are compared; only where it is named."""

from dataclasses import dataclass

from scuderia.basics.errors import BadInput
from scuderia.datasets.engine.shingles import normalised

HOLE = "{}"


class BadTemplate(BadInput):
    """A template that would leave nothing, or nothing to leave."""

    code = "DATA-034"
    remedy = "Write the fixed text with one {} where each row's own text stands."


@dataclass(frozen=True, slots=True)
class Template:
    """What stands before and after a row's own text, as texts are compared."""

    before: str
    after: str

    @classmethod
    def of(cls, text: str) -> "Template":
        """Return the template that was written, such as `Do you agree? {} Yes or no?`.

        raises   BadTemplate
        """
        before, hole, after = text.partition(HOLE)
        if not hole or HOLE in after or not normalised(before + after):
            raise BadTemplate(f"{text[:80]!r} is no template")
        return cls(normalised(before), normalised(after))

    def own_text(self, text: str) -> str | None:
        """Return what is the row's own of a normalised text, or None where it is not so made."""
        if len(text) < len(self.before) + len(self.after):
            return None
        if not text.startswith(self.before) or not text.endswith(self.after):
            return None
        return text[len(self.before) : len(text) - len(self.after)].strip()


def stripped(texts: list[str], templates: list[Template]) -> tuple[list[str], int]:
    """Return normalised texts without the first template that fits each, and how many had one."""
    kept, count = [], 0
    for text in texts:
        own = next((o for one in templates if (o := one.own_text(text)) is not None), None)
        count += own is not None
        kept.append(text if own is None else own)
    return kept, count
