"""Handwriting that nobody wrote: texts drawn as lines to train on, in fonts or in the letters of real hands."""
