"""What holds for all tests: hypothesis judges answers, not how quickly a busy machine gives them."""

from hypothesis import settings

settings.register_profile("inkbeam", deadline=None)
settings.load_profile("inkbeam")
