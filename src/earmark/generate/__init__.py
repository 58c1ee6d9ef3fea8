"""From a wish to a piece of sound: where it goes (`walk`), and what makes it heard, a renderer a file."""
