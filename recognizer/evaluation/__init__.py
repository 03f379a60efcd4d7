"""Evaluation: how well a bundle reads lines whose truth is known, and where it errs."""

from recognizer.evaluation.evaluation import Evaluation, evaluate

__all__ = ["Evaluation", "evaluate"]
