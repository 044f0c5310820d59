"""Texts as unit vectors, by static embeddings whose weights lie in the wordllama wheel.

Nothing is downloaded: the weights and the tokenizer are read from the package's own folder.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from scuderia.datasets.engine.vendi import Vectors

ENCODER = "wordllama l2_supercat"
DIMENSIONS = 256
_BATCH = 64


def vectors_of(texts: Sequence[str]) -> Vectors:
    """Return one unit vector a text, shape (texts, 256); a text without a token is all zeros."""
    if not texts:
        return np.zeros((0, DIMENSIONS), np.float32)
    raw = np.asarray(_encoder().embed(list(texts), batch_size=_BATCH), np.float32)
    lengths = np.linalg.norm(raw, axis=1, keepdims=True)
    found: Vectors = np.divide(raw, lengths, out=np.zeros_like(raw), where=lengths > 0)
    return found


@cache
def _encoder() -> Any:
    import wordllama

    return wordllama.WordLlama.load(
        cache_dir=Path(wordllama.__file__).parent, dim=DIMENSIONS, disable_download=True
    )
