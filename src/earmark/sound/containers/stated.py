"""How long a file says that it is, of the formats that libsndfile reads without telling what is cut off.

AIFF after "Audio Interchange File Format", Apple 1989; AU after Sun's `audio/au.h`; Wave64 after Sonic Foundry 2003.
"""

import struct

_AU_SAMPLE_BYTES = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1}  # mu-law, 8 to 32 bits, float, double, A-law
_UNKNOWN = 0xFFFF_FFFF
_EXPONENT_BIAS = 16_383
_WAVE64_TAIL = b"\xf3\xac\xd3\x11"  # of the names of its chunks, which are 16 bytes long; a size of 8 follows
_WAVE64_HEAD_BYTES = 24


def stated_s(head: bytes) -> float:
    """Seconds by the first bytes of a file; 0 where they do not say."""
    if head[:4] == b"FORM":
        return _aiff_s(head)
    if head[:4] == b"riff":
        return _wave64_s(head)
    return _au_s(head) if head[:4] == b".snd" else 0.0


def _aiff_s(head: bytes) -> float:
    at = head.find(b"COMM")
    if at < 0 or len(head) < at + 26:
        return 0.0
    frames, exponent, mantissa = struct.unpack(">2xI2xHQ", head[at + 8 : at + 26])
    power = exponent - _EXPONENT_BIAS  # 80-bit IEEE 754
    rate_hz = mantissa * 2.0 ** (power - 63) if 0 <= power < 64 else 0.0
    return frames / rate_hz if rate_hz >= 1 else 0.0


def _au_s(head: bytes) -> float:
    if len(head) < 24:
        return 0.0
    size_bytes, encoding, rate_hz, channels = struct.unpack(">8x4I", head[:24])
    sample_bytes = _AU_SAMPLE_BYTES.get(encoding, 0)
    known = size_bytes != _UNKNOWN and sample_bytes and rate_hz and channels
    return size_bytes / (sample_bytes * channels * rate_hz) if known else 0.0


def _wave64_s(head: bytes) -> float:
    form, data = head.find(b"fmt " + _WAVE64_TAIL), head.find(b"data" + _WAVE64_TAIL)
    if min(form, data) < 0 or len(head) < max(form + 36, data + _WAVE64_HEAD_BYTES):
        return 0.0
    bytes_a_second = int.from_bytes(head[form + 32 : form + 36], "little")
    size_bytes = int.from_bytes(head[data + 16 : data + 24], "little") - _WAVE64_HEAD_BYTES
    return size_bytes / bytes_a_second if bytes_a_second and 0 < size_bytes < 1 << 60 else 0.0
