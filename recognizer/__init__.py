"""Reads line crops: the network, its training, decoding and evaluation. Knows neither Beam nor pages."""
