"""Labelled music: data sets in one layout, importers to it, checks, splits, and synthetic pieces."""
