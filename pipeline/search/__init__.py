"""The command `search`: the hits of a query, with what stands around them, for people and for programs."""
