"""Samples of every kind: rates from 7 to 384 kHz, 1 to 32 channels, every coding that libsndfile writes."""

import numpy as np

from odd.kind import Desk, Kind, Sound, add, mixed

_RATES_HZ = (7_000, 8_000, 11_025, 12_345, 37_800, 48_000, 88_200, 96_000, 192_000, 384_000)
_CHANNELS = (1, 3, 4, 6, 8, 16, 32)
_CODINGS = (
    ("WAV", "PCM_U8", "wav"),
    ("WAV", "PCM_24", "wav"),
    ("WAV", "PCM_32", "wav"),
    ("WAV", "FLOAT", "wav"),
    ("WAV", "DOUBLE", "wav"),
    ("WAV", "ULAW", "wav"),
    ("WAV", "ALAW", "wav"),
    ("WAV", "IMA_ADPCM", "wav"),
    ("WAV", "MS_ADPCM", "wav"),
    ("WAVEX", "PCM_24", "wav"),
    ("AIFF", "FLOAT", "aiff"),
    ("AIFF", "PCM_S8", "aiff"),
    ("AU", "ULAW", "au"),
    ("AU", "DOUBLE", "au"),
    ("CAF", "PCM_24", "caf"),
    ("FLAC", "PCM_24", "flac"),
    ("VOC", "PCM_16", "voc"),
    ("NIST", "PCM_16", "wav"),
    ("IRCAM", "PCM_16", "sf"),
    ("PAF", "PCM_16", "paf"),
    ("MAT5", "PCM_16", "mat"),
)


def _mono_coded(desk: Desk, form: str, subtype: str, rate_hz: int) -> bytes:
    return desk.encode(mixed(desk.at(rate_hz)), form, rate_hz, subtype=subtype)


def _on_all(sound: Sound, channels: int) -> Sound:
    return np.tile(mixed(sound), (1, channels))


def _add_all() -> None:
    for rate_hz in _RATES_HZ:
        add(
            Kind(
                f"wav at {rate_hz / 1000:g} kHz",
                "music.wav",
                made="Resampled.",
                build=lambda desk, rate_hz=rate_hz: desk.encode(desk.at(rate_hz), "WAV", rate_hz),
                same=rate_hz >= 22_050,
            )
        )
    for channels in _CHANNELS:
        add(
            Kind(
                f"wav of {channels} channel{'s' if channels > 1 else ''}",
                "music.wav",
                made="The mean of left and right on all.",
                build=lambda desk, channels=channels: desk.encode(_on_all(desk.sound, channels), "WAVEX"),
            )
        )
    for form, subtype, suffix in _CODINGS:
        add(
            Kind(
                f"{form.lower()}, {subtype.lower().replace('_', ' ')}",
                f"music.{suffix}",
                made="By libsndfile.",
                build=lambda desk, form=form, subtype=subtype: desk.encode(desk.sound, form, subtype=subtype),
            )
        )
    add(
        Kind(
            "wav, gsm at 8 kHz",
            "music.wav",
            made="One channel, 13 kbit/s.",
            build=lambda desk: _mono_coded(desk, "WAV", "GSM610", 8_000),
            same=False,
        )
    )
    add(
        Kind(
            "wav, big-endian",
            "music.wav",
            made="RIFX.",
            build=lambda desk: desk.encode(desk.sound, "WAV", endian="BIG"),
        )
    )


_add_all()
