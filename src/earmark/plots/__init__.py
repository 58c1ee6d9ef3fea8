"""Pictures: one palette, the self-contained page of `listen --html`, and figures for files."""
