"""What the user of this room can put right. Every message says what happened and how to get out.

RecognizerError             unknown architecture
+-- BundleError             (bundle.py) a bundle is missing, damaged or of another format
+-- ArithmeticMissing       (infer.py) the processor lacks what the run was started with, or torch does it wrong
+-- PolicyError             (policy.py) a text policy is unknown, or its table cannot be read
+-- NoFonts                 (draw) a folder has no font, or one that cannot be read
+-- CannotWrite             (draw) there is no hand or no line to draw, or no place for it
+-- NothingToEvaluate       (evaluation) no line with truth is left
+-- TrainingError           data or a checkpoint with which no training is possible
+-- Refused                 a bundle was taught something and reads no better: it is not written
"""


class RecognizerError(Exception):
    """An error whose message is meant for the user; the command line shows it without a traceback."""


class TrainingError(RecognizerError):
    """The data or the checkpoint do not allow a training."""


class Refused(RecognizerError):
    """What a training made is worse than what it began with, or no better, and was not written."""
