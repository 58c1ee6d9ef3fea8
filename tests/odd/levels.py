"""Sound that is nearly silent, cancels itself, or is drowned by length rather than by loudness."""

import numpy as np

from odd.kind import RATE_HZ, Desk, Kind, Sound, add, kind, mixed

_NOISE_DB = -72.0


def _add_cancelled() -> None:
    """Left the negative of right, and four channels whose rear is the negative of the front, in every coding."""
    codings = {"wav": "WAV", "flac": "FLAC", "mp3": "MP3", "ogg": "OGG"}
    for suffix, form in codings.items():
        add(
            Kind(
                f"{suffix}, right is the negative of left",
                f"music.{suffix}",
                made="The mean of both on the left, its negative on the right.",
                build=lambda desk, form=form: desk.encode(_antiphase(desk.sound), form),
                says="cancel",
            )
        )
    for suffix, form in {"wav": "WAVEX", "flac": "FLAC", "ogg": "OGG"}.items():
        add(
            Kind(
                f"{suffix}, four channels, rear is the negative of front",
                f"music.{suffix}",
                made="Left, right and the negatives of both.",
                build=lambda desk, form=form: desk.encode(np.hstack([desk.sound, -desk.sound]), form),
                says="cancel",
            )
        )


_add_cancelled()


@kind("wav, right is nearly the negative of left", "music.wav", says="cancel")
def nearly_cancelled(desk: Desk) -> bytes:
    """The right one 0.01 dB less loud."""
    sound = _antiphase(desk.sound)
    sound[:, 1] *= 0.999
    return desk.encode(sound, "WAV")


@kind("wav, only the left channel", "music.wav")
def one_sided(desk: Desk) -> bytes:
    """The right one is silent."""
    return desk.encode(mixed(desk.sound) * np.array([[1.0, 0.0]], np.float32), "WAV")


def _add_quiet() -> None:
    for name, form, subtype, level_db in (
        ("wav of 24 bit at -100 dBFS", "WAV", "PCM_24", -100.0),
        ("flac of 24 bit at -100 dBFS", "FLAC", "PCM_24", -100.0),
        ("wav of floats at -100 dBFS", "WAV", "FLOAT", -100.0),
        ("wav of floats at -160 dBFS", "WAV", "FLOAT", -160.0),
    ):
        add(
            Kind(
                name,
                f"music.{form.lower()}",
                made=f"The peak at {level_db:g} dB under full scale.",
                build=lambda desk, form=form, subtype=subtype, level_db=level_db: desk.encode(
                    _peaking(desk.sound, level_db), form, subtype=subtype
                ),
                says="quiet",
                same=form == "FLOAT",
            )
        )


_add_quiet()


@kind("wav of 16 bit at -60 dBFS", "music.wav", same=False)
def quiet_16_bit(desk: Desk) -> bytes:
    """The peak at 60 dB under full scale: 33 steps."""
    return desk.encode(_peaking(desk.sound, -60.0), "WAV")


@kind("wav, digital silence", "music.wav", outcome="refused", says="silent")
def silence(desk: Desk) -> bytes:
    """Zeros."""
    return desk.encode(0 * desk.sound, "WAV")


@kind("wav, dithered silence", "music.wav", outcome="refused", says="silent")
def dithered_silence(desk: Desk) -> bytes:
    """The noise of one step of 16 bit, and nothing else."""
    steps = np.random.default_rng(0).integers(-1, 2, desk.sound.shape)
    return desk.encode((steps / 2**15).astype(np.float32), "WAV")


@kind("mp3, digital silence", "music.mp3", outcome="refused", says="silent")
def coded_silence(desk: Desk) -> bytes:
    """Zeros, encoded."""
    return desk.encode(0 * desk.sound, "MP3")


@kind("wav, five minutes of vinyl noise between two halves", "music.wav", plus_s=300.0)
def noise_between(desk: Desk) -> bytes:
    """Noise 72 dB under the music's peak."""
    half = len(desk.sound) // 2
    return desk.encode(np.vstack([desk.sound[:half], _noise(desk, 300.0), desk.sound[half:]]), "WAV")


@kind("wav, two minutes of vinyl noise first", "music.wav", plus_s=120.0)
def noise_before(desk: Desk) -> bytes:
    """Noise 72 dB under the music's peak."""
    return desk.encode(np.vstack([_noise(desk, 120.0), desk.sound]), "WAV")


@kind("wav, two minutes of vinyl noise behind", "music.wav", plus_s=120.0)
def noise_after(desk: Desk) -> bytes:
    """Noise 72 dB under the music's peak."""
    return desk.encode(np.vstack([desk.sound, _noise(desk, 120.0)]), "WAV")


@kind("mp3, two minutes of vinyl noise behind", "music.mp3", plus_s=120.0)
def coded_noise_after(desk: Desk) -> bytes:
    """Noise 72 dB under the music's peak, encoded with it."""
    return desk.encode(np.vstack([desk.sound, _noise(desk, 120.0)]), "MP3")


@kind("wav, a minute of hum first", "music.wav", plus_s=60.0)
def hum_before(desk: Desk) -> bytes:
    """50 Hz and its overtones, 60 dB under the music's peak."""
    time_s = np.arange(60 * RATE_HZ) / RATE_HZ
    hum = sum(np.sin(2 * np.pi * 50 * k * time_s) / k for k in (1, 2, 3, 5))
    level = np.abs(desk.sound).max() * 10 ** (-60 / 20) / np.abs(hum).max()
    return desk.encode(np.vstack([np.repeat((level * hum)[:, None], 2, axis=1), desk.sound]), "WAV")


@kind("wav, a minute of silence first", "music.wav", plus_s=60.0)
def silence_before(desk: Desk) -> bytes:
    """Zeros before the music."""
    return desk.encode(np.vstack([np.zeros((60 * RATE_HZ, 2), np.float32), desk.sound]), "WAV")


@kind("wav, a fifth of full scale beside zero", "music.wav")
def offset(desk: Desk) -> bytes:
    """A constant of 0.2 added."""
    return desk.encode(desk.sound + np.float32(0.2), "WAV")


@kind("wav of floats, 20 dB beyond full scale", "music.wav")
def beyond_full_scale(desk: Desk) -> bytes:
    """Peaks of 10."""
    return desk.encode(_peaking(desk.sound, 20.0), "WAV", subtype="FLOAT")


@kind("wav of floats with NaN", "music.wav", outcome="refused", says="NaN")
def not_numbers(desk: Desk) -> bytes:
    """One sample is not a number."""
    sound = desk.sound.copy()
    sound[RATE_HZ] = np.nan
    return desk.encode(sound, "WAV", subtype="FLOAT")


def _antiphase(sound: Sound) -> Sound:
    mono = mixed(sound)
    return np.hstack([mono, -mono])


def _peaking(sound: Sound, level_db: float) -> Sound:
    return (sound * (10 ** (level_db / 20) / np.abs(sound).max())).astype(np.float32)


def _noise(desk: Desk, length_s: float) -> Sound:
    """White noise `(samples, 2)`, its RMS 72 dB under the music's peak."""
    level = np.abs(desk.sound).max() * 10 ** (_NOISE_DB / 20)
    return (level * np.random.default_rng(0).normal(size=(round(length_s * RATE_HZ), 2))).astype(np.float32)
