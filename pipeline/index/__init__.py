"""The word index: built from the tables, searched without any server."""
