"""How long a file says that it is, of the formats that libsndfile reads without telling what is cut off.

AIFF after "Audio Interchange File Format", Apple 1989; AU after Sun's `audio/au.h`.
"""

import struct

_AU_SAMPLE_BYTES = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1}  # mu-law, 8 to 32 bits, float, double, A-law
_UNKNOWN = 0xFFFF_FFFF


def stated_s(head: bytes) -> float:
    """Seconds by the first bytes of a file; 0 where they do not say."""
    if head[:4] == b"FORM":
        return _aiff_s(head)
    return _au_s(head) if head[:4] == b".snd" else 0.0


def _aiff_s(head: bytes) -> float:
    at = head.find(b"COMM")
    if at < 0 or len(head) < at + 26:
        return 0.0
    frames, exponent, mantissa = struct.unpack(">2xI2xHQ", head[at + 8 : at + 26])
    rate_hz = mantissa * 2.0 ** (exponent - 16383 - 63)  # 80-bit IEEE 754
    return frames / rate_hz if rate_hz >= 1 else 0.0


def _au_s(head: bytes) -> float:
    if len(head) < 24:
        return 0.0
    size_bytes, encoding, rate_hz, channels = struct.unpack(">8x4I", head[:24])
    sample_bytes = _AU_SAMPLE_BYTES.get(encoding, 0)
    known = size_bytes != _UNKNOWN and sample_bytes and rate_hz and channels
    return size_bytes / (sample_bytes * channels * rate_hz) if known else 0.0
