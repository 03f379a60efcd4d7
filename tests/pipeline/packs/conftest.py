"""Packs of few documents."""

from tests.pipeline.packs.made import small_packs

__all__ = ["small_packs"]
