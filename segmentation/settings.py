"""What users may set about finding lines; the settings file and the command line are made from these fields."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Segmentation:
    """Settings of line finding; each field's metadata holds its range, its help and whether it changes results."""

    learned: bool = field(
        default=True,
        metadata={
            "range": (False, True),
            "help": "Lines by the bundle's network, if it has one; false finds them classically, faster and less well.",
            "changes_result": True,
        },
    )
    max_skew_degrees: float = field(
        default=15.0,
        metadata={
            "range": (0.0, 45.0),
            "help": "Largest slope of lines that the classical way straightens, in degrees; 0 takes pages as they lie.",
            "changes_result": True,
        },
    )
    max_lines: int = field(
        default=500,
        metadata={
            "range": (1, 100_000),
            "help": "Most lines kept on a page, the surest first; guards against pages of pure noise.",
            "changes_result": True,
        },
    )
