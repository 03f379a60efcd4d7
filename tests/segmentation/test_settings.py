from dataclasses import fields

from segmentation import Segmentation


def test_every_setting_states_its_range_and_help_and_its_default_lies_within() -> None:
    for field in fields(Segmentation):
        low, high = field.metadata["range"]
        assert low <= field.default <= high
        assert field.metadata["help"].endswith(".")
        assert field.metadata["changes_result"] is True
