"""What generated pieces are worth: their joints, tempo and sources, and what an independent network hears in them."""
