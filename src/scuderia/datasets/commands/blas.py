"""Has linear algebra compute on one thread; it must be imported before numpy is.

On a busy machine OpenBLAS's threads wait for one another by spinning: seven times the CPU of one
thread, and slower by the clock. Whoever sets the variable otherwise is obeyed.
"""

import os

THREADS = os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
