"""From posteriors to readings."""
