"""Networks, one file a published system, each with its source in the docstring. PyTorch."""
