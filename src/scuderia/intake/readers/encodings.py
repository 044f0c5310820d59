"""Which encoding text is in: by its mark or its NULs, by the user's word, and never by a guess."""

import codecs
import io
import re

import chardet

from scuderia.intake.records import FileUnreadable

UNDECODABLE = "intake-bytes"
"""The name of the codec error handler that keeps each undecodable byte as U+DC00 + byte."""
NOT_TEXT = re.compile("[\ud800-\udfff\x00]")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_FOR_FILES = {"unicode-escape", "raw-unicode-escape", "idna", "punycode", "utf-7", "undefined"}
_LOOKED_AT = 1 << 16
_MANY, _FEW = 0.4, 0.05
_KEPT_BYTES, _FIRST_HIGH = range(0xDC00, 0xDD00), 0xDC80


def _keep_bytes(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(chr(0xDC00 + byte) for byte in wrong), error.end


codecs.register_error(UNDECODABLE, _keep_bytes)


def encoding_of(head: bytes, *, named: str, file: str) -> str:
    """Return the codec to read with: the user's, else what a mark or the NULs say, else UTF-8.

    raises   FileUnreadable: no encoding of that name
    """
    if named:
        name = _named(named, file)
        return "utf-8-sig" if name == "utf-8" and head.startswith(codecs.BOM_UTF8) else name
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    first = head[:_LOOKED_AT]
    half = len(first) // 2
    even, odd = first[0 : half * 2 : 2].count(0), first[1 : half * 2 : 2].count(0)
    if odd > _MANY * half and even < _FEW * half:
        return "utf-16-le"
    return "utf-16-be" if even > _MANY * half and odd < _FEW * half else "utf-8"


def _named(named: str, file: str) -> str:
    try:
        name = codecs.lookup(named).name
        io.TextIOWrapper(io.BytesIO(), encoding=name).close()
    except LookupError:
        name = "undefined"
    if name.replace("_", "-") in _NOT_FOR_FILES:
        raise FileUnreadable(
            f"{file}: there is no encoding {named[:40]!r}",
            remedy="Write one such as utf-8, utf-16, cp1252 or iso-8859-1.",
        )
    return name


def likely_encoding(sample: bytes) -> str:
    """Return the name that the bytes most look like, or ""; for a remedy, never to read with."""
    found = chardet.detect(sample[:_LOOKED_AT])["encoding"] or ""
    return "" if found.lower() in {"ascii", "utf-8"} else found.lower()


def _is_utf8(sample: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return False
    return True


def fault_in(text: str, encoding: str, sample: bytes) -> tuple[str, str] | None:
    """Return (reason, remedy) where the text holds a NUL or an undecodable byte.

    sample   more bytes of the file, for naming a likely encoding
    """
    match = NOT_TEXT.search(text)
    if match is None:
        return None
    if match[0] == "\0":
        return "it holds a NUL byte", "Remove it; was the file cut or overwritten?"
    code = ord(match[0])
    if code not in _KEPT_BYTES:
        return "it holds half of a character pair", "Write the character whole."
    own = text[:_LOOKED_AT].encode("utf-8", "surrogateescape" if code >= _FIRST_HIGH else "replace")
    likely = likely_encoding(own if _is_utf8(sample) else sample)
    said = f"byte 0x{code - 0xDC00:02X} is not {encoding.removesuffix('-sig').upper()}"
    if likely:
        return said, f"Perhaps the file is {likely}; if so, say --encoding {likely}."
    return said, "Say which --encoding the file is in."
