"""A person's whole collection: heard once, kept in one file, and asked many things."""
