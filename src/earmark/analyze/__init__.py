"""Reading a trained network: its map of genres, where it looks in time, and whether any of that is true."""
