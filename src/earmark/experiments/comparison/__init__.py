"""The report that compares systems: figures once, words once, then Markdown, page and pictures of them."""
