"""A web process sets what it loaded aside from the garbage collector's sweeps."""

import gc

from scuderia.config.processes.gc_tuning import tune_gc


def test_what_is_loaded_is_swept_no_more():
    before = gc.get_threshold()
    try:
        tune_gc()
        assert gc.get_freeze_count() > 10_000
        assert gc.get_threshold() > before
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
