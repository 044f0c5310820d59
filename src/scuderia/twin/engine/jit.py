"""Compile a function with numba, kept on disk where a folder can be written."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Return the function compiled; where no cache folder can be written, compile per process."""
    try:
        return cast("F", numba.njit(cache=True, nogil=True)(function))
    except RuntimeError:  # numba found neither a writable __pycache__ nor a user cache
        return cast("F", numba.njit(nogil=True)(function))
