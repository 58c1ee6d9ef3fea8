"""From a file to a log-mel spectrogram, streaming: `decode.blocks` -> `mel.LogMel` -> `tokens.windows`.

Sound is mono float32 at 22 050 Hz, spectrograms are `(128 bands, frames)` float32 in dB with band 0 the lowest.
"""
