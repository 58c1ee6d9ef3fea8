"""What generated pieces are worth: how their joints, tempo and sources are, what an independent network hears in them."""
