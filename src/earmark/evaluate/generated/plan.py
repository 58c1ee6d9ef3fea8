"""What is measured of generated pieces."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured: `genres` with so many `pieces` of so many `seconds` each, and `tracks` for the likeness."""

    genres: tuple[str, ...]
    pieces: int = 4
    seconds: float = 30.0
    tracks: int = 48
    temperature: float = 0.5
    seed: int = 0
