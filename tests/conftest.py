"""What holds for all tests: hypothesis judges answers, not how quickly a busy machine gives them.

Files that are marked as long come first, so that no process has one of them left when the others are done.
"""

import pytest
from hypothesis import settings

settings.register_profile("inkbeam", deadline=None)
settings.load_profile("inkbeam")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
