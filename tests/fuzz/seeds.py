"""Writes the corpus: the same half second of sound in every format, each in a few kilobytes.

PYTHONPATH=tests python -m fuzz.seeds
"""

import io
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from corpus import music
from odd import surgery
from odd.kind import Desk, Sound

CORPUS = Path(__file__).parent / "corpus"
FOUND = Path(__file__).parent / "found"
_LENGTH_S = 0.56

# File name: soundfile's format, subtype, rate, channels.
_BY_LIBSNDFILE = {
    "pcm16.wav": ("WAV", "PCM_16", 2000, 1),
    "pcm24.wav": ("WAVEX", "PCM_24", 1000, 2),
    "ima.wav": ("WAV", "IMA_ADPCM", 4000, 1),
    "ms.wav": ("WAV", "MS_ADPCM", 4000, 1),
    "gsm.wav": ("WAV", "GSM610", 8000, 1),
    "nms.wav": ("WAV", "NMS_ADPCM_16", 8000, 1),
    "g721.wav": ("WAV", "G721_32", 4000, 1),
    "mulaw.rf64": ("RF64", "ULAW", 2000, 1),
    "float.w64": ("W64", "FLOAT", 1000, 1),
    "pcm16.aiff": ("AIFF", "PCM_16", 2000, 1),
    "dwvw.aiff": ("AIFF", "DWVW_16", 2000, 1),
    "ima.aifc": ("AIFF", "IMA_ADPCM", 4000, 1),
    "alaw.au": ("AU", "ALAW", 4000, 1),
    "pcm16.caf": ("CAF", "PCM_16", 1000, 2),
    "alac.caf": ("CAF", "ALAC_16", 2000, 1),
    "pcm16.flac": ("FLAC", "PCM_16", 2000, 2),
    "pcm24.flac": ("FLAC", "PCM_24", 1000, 1),
    "layer3.mp3": ("MP3", "MPEG_LAYER_III", 8000, 1),
    "vorbis.ogg": ("OGG", "VORBIS", 8000, 1),
    "opus.opus": ("OGG", "OPUS", 8000, 1),
    "pcm8.voc": ("VOC", "PCM_U8", 4000, 1),
    "pcm16.sds": ("SDS", "PCM_16", 1000, 1),
    "pcm16.paf": ("PAF", "PCM_16", 1000, 1),
    "pcm16.xi": ("XI", "DPCM_16", 1000, 1),
    "pcm16.svx": ("SVX", "PCM_16", 1000, 1),
    "pcm16.sph": ("NIST", "PCM_16", 1000, 1),
    "float.mat": ("MAT5", "FLOAT", 1000, 1),
    "pcm16.mat4": ("MAT4", "PCM_16", 1000, 1),
    "pcm16.ircam": ("IRCAM", "PCM_16", 1000, 1),
    "pcm16.avr": ("AVR", "PCM_16", 1000, 1),
    "pcm16.htk": ("HTK", "PCM_16", 1000, 1),
}
# File name: PyAV's codec, container, rate.
_BY_PYAV = {
    "aac.m4a": ("aac", "ipod", 8000),
    "alac.m4a": ("alac", "ipod", 2000),
    "aac.aac": ("aac", "adts", 8000),
    "wma.wma": ("wmav2", "asf", 22_050),
    "flac.mka": ("flac", "matroska", 2000),
    "opus.webm": ("libopus", "webm", 8000),
    "flac.oga": ("flac", "ogg", 2000),
    "wavpack.wv": ("wavpack", "wv", 8000),
    "tta.tta": ("tta", "tta", 8000),
    "ac3.ac3": ("ac3", "ac3", 32_000),
    "mulaw.avi": ("pcm_mulaw", "avi", 2000),
    "mp3.flv": ("libmp3lame", "flv", 11_025),
    "mp2.ts": ("mp2", "mpegts", 16_000),
}


def main() -> None:
    """Write every file that is small enough, and say which is not."""
    CORPUS.mkdir(exist_ok=True)
    contents = {name: _by_libsndfile(*sheet) for name, sheet in _BY_LIBSNDFILE.items()}
    with tempfile.TemporaryDirectory() as folder:
        for name, (codec, container, rate_hz) in _BY_PYAV.items():
            desk = Desk(music(length_s=_LENGTH_S), Path(folder))
            contents[name] = desk.encode_by_av(codec, container, rate_hz=rate_hz, layout="mono", bit_rate=24_000)
    contents |= _made_of(contents)
    for name, content in contents.items():
        print(f"{len(content):6d} {name}")
        (CORPUS / name).write_bytes(content)


def _by_libsndfile(form: str, subtype: str, rate_hz: int, channels: int) -> bytes:
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", rate_hz, channels, format=form, subtype=subtype) as target:
        target.write(_sound(rate_hz)[:, :channels])
    return file.getvalue()


def _sound(rate_hz: int) -> Sound:
    sound = music(rate_hz=max(rate_hz, 8000), length_s=_LENGTH_S)
    return np.ascontiguousarray(sound[:: max(1, 8000 // rate_hz)])


def _made_of(contents: dict[str, bytes]) -> dict[str, bytes]:
    """Files that hold others, or more than their format has."""
    wav, mp3 = contents["pcm16.wav"], contents["layer3.mp3"]
    listed = b"INFO" + b"INAM" + (5).to_bytes(4, "little") + b"Song\x00\x00" + b"IART" + bytes(4)
    return {
        "info.wav": surgery.riff_with_chunk(wav, b"LIST", listed),
        "tagged.mp3": surgery.id3v2(300) + mp3 + surgery.ape_tag(100) + surgery.id3v1(),
        "bare.mp3": surgery.without_mp3_header(mp3),
    }


if __name__ == "__main__":
    main()
