"""Learning heads on a bundle's frozen vectors: labelled sets, a user's own words."""
