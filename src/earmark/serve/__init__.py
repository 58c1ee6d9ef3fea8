"""earmark for browsers, programs and players: one FastAPI application, on this machine unless told otherwise."""
