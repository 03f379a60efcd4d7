"""The browser that `bench.round` and the tests of our pages open them in."""

import shutil
from typing import Final

CHROMIUM: Final = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
"""Its program; None where this machine has none."""
