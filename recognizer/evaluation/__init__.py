"""Evaluation: how well a bundle reads lines whose truth is known, and where it errs."""
