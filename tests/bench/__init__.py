"""Tests of bench/: what can be told without measuring."""
