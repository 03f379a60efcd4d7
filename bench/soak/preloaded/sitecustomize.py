"""Python imports this at its start where the folder is on PYTHONPATH: it sleeps in another way.

libfaketime 0.9.10 refuses to wait for a moment of the monotonic clock (`clock_nanosleep`: EINVAL), as `time.sleep` does
since Python 3.11.
"""

import select
import time
from typing import SupportsIndex


def _sleep(seconds: float | SupportsIndex) -> None:
    select.select([], [], [], float(seconds))


time.sleep = _sleep
