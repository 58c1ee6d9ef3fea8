"""The API: one file a group of routes. Each has a `router`; what they answer with is described in `schemas`."""
