"""Arrays in, figures out: how good a set of answers is, and how sure that figure is."""
