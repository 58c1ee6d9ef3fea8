"""The options of each section of a recipe but [model], with limits and meaning."""

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Any, Literal

from pydantic import Field

from earmark.models.options import options_class
from earmark.sound.mel import SAMPLE_RATE_HZ
from earmark.sound.spectra import Scale

Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Weight = Annotated[float, Field(ge=0)]
Chance = Annotated[float, Field(ge=0, le=1)]


def about(text: str) -> Any:
    """The meaning of an option, for the docs."""
    return Field(description=text)


@options_class
class TrainOptions:
    """Epochs, optimizer and losses."""

    epochs: Annotated[Positive, about("passes over the clips")] = 60
    batch_size: Annotated[Positive, about("clips a step")] = 32
    optimizer: Annotated[Literal["adamw", "adam", "adadelta", "rmsprop"], about("the optimizer")] = "adamw"
    learning_rate: Annotated[float, Field(gt=0, description="the largest learning rate")] = 2e-3
    weight_decay: Annotated[Weight, about("pull of matrices and kernels towards zero")] = 0.02
    schedule: Annotated[
        Literal["one_cycle", "constant"], about("of the learning rate: up and down again, or constant")
    ] = "one_cycle"
    warmup: Annotated[float, Field(ge=0, lt=1, description="share of the steps in which the learning rate rises")] = 0.2
    gradient_clip: Annotated[Weight, about("largest norm of the gradient; 0: none")] = 1.0
    label_smoothing: Annotated[
        float, Field(ge=0, lt=1, description="share of the loss that is taken with all genres alike")
    ] = 0.1
    ema_decay: Annotated[
        float, Field(ge=0, lt=1, description="of the moving average of the weights, which then predicts; 0: none")
    ] = 0.0
    clip_loss: Annotated[Weight, about("weight of the loss of the view's logits")] = 1.0
    token_loss: Annotated[Weight, about("weight of the loss of the tokens' logits; without clip_loss: of segments")] = (
        0.0
    )
    adjust: Annotated[
        Weight, about("logits of a clip are raised by so many times the log share that each genre has in its set")
    ] = 0.0
    style_loss: Annotated[Weight, about("weight of the loss of the head styles, which it needs")] = 0.0
    outside_loss: Annotated[
        Weight, about("weight of the loss of the head outside (none of the genres), which it needs")
    ] = 0.0
    noises: Annotated[Count, about("synthetic sounds that are no music, as examples of none of the genres")] = 0
    partial_after: Annotated[Count, about("epochs at the start in which partial labels do not count")] = 0
    validation_share: Annotated[
        float, Field(ge=0, le=0.5, description="of the artists, kept aside for early stopping; 0: train to the end")
    ] = 0.0
    patience: Annotated[
        Count, about("epochs without a better validation before stopping; 0: run all, keep the best")
    ] = 0


@options_class
class AugmentOptions:
    """Largest strength of each change to a batch of spectrograms; 0 leaves it out."""

    tokens: Annotated[Count, about("a view is a random run of so many tokens of the window; 0: all")] = 0
    tokens_spread: Annotated[Count, about("views of a step have up to so many tokens more or fewer")] = 0
    roll: Annotated[bool, about("start anywhere, the end goes to the front")] = False
    stretch: Annotated[float, Field(ge=0, lt=1, description="time faster or slower by up to this share")] = 0.0
    coarse: Annotated[Chance, about("chance of every third column alone, and what lies between drawn straight")] = 0.0
    shift_bands: Annotated[Weight, about("up or down by so many mel bands")] = 0.0
    tilt_db: Annotated[Weight, about("a straight line over the bands, this much at its ends")] = 0.0
    equalise_db: Annotated[Weight, about("a smooth random curve over the bands")] = 0.0
    range: Annotated[float, Field(ge=0, lt=1, description="dB range narrower or wider by up to this share")] = 0.0
    low_pass: Annotated[Chance, about("chance of losing the upper bands")] = 0.0
    high_pass: Annotated[Chance, about("chance of losing the lower ones, 12 to 24 dB an octave")] = 0.0
    floor: Annotated[Chance, about("chance of a raised noise floor")] = 0.0
    mask_bands: Annotated[
        Count, about("SpecAugment (Park et al. 2019, arXiv 1904.08779): up to so many bands, twice")
    ] = 0
    mask_frames: Annotated[Count, about("and frames, twice")] = 0
    mixup: Annotated[Weight, about("alpha of the beta distribution (Zhang et al. 2018, arXiv 1710.09412)")] = 0.0


@options_class
class SetOptions:
    """How the labels of the data set in the folder NAME are read.

    `map` turns a label of the set into one genre or several; several mean "one of these" (a partial label).
    Labels that are not in a map that is given are left out. Labels in `outside` are none of the genres: a clip that has
    no other is an example of what is outside, one that has some and some is an example of neither. Where labels
    `narrow` each other down, one of them that is outside decides.
    """

    column: Annotated[str, about("of clips.csv, where the labels are")] = "genre"
    separator: Annotated[str, about("between several labels of a clip")] = ";"
    weight: Annotated[Weight, about("of its clips in the loss by genre")] = 1.0
    share: Annotated[Chance, about("of its clips that each epoch takes, others every time; 0: none")] = 1.0
    narrow: Annotated[
        bool, about("several labels of a clip narrow each other down: its genre is one that all allow, if there is one")
    ] = False
    kernel: Annotated[Chance, about("of its clips that kernel machines learn from")] = 1.0
    styles: Annotated[
        str, about("the column with the styles of a clip, of those that occur there; none: nothing is known of them")
    ] = ""
    shares: Annotated[
        list[str], about("columns that are styles too, each with the share of people who found it in a clip, 0 to 1")
    ] = field(default_factory=list)
    map: Annotated[
        Mapping[str, str | list[str]] | None, about("label = genre, or a list of which one is true; none: as they are")
    ] = None
    outside: Annotated[list[str], about("labels that are none of the genres")] = field(default_factory=list)


@options_class
class FrontEndOptions:
    """Spectrograms of another kind than earmark's pictures, made from the sound (`sound.spectra`)."""

    n_fft: Annotated[int, Field(ge=32, multiple_of=2, description="samples of a frame")] = 512
    hop: Annotated[Positive, about("samples from frame to frame, up to n_fft")] = 256
    bands: Annotated[Positive, about("mel bands")] = 64
    high_hz: Annotated[float, Field(ge=1000, le=SAMPLE_RATE_HZ / 2, description="where the bands end")] = 10_000.0
    scale: Annotated[Scale, about("log1p: log(1 + x); db: dB under the clip's maximum")] = "log1p"
    power: Annotated[float, Field(ge=1, le=2, multiple_of=1, description="of the magnitudes: 1 or 2")] = 2.0

    def __post_init__(self) -> None:
        """Frames must not leave gaps."""
        if self.hop > self.n_fft:
            raise ValueError(f"has a 'hop' of {self.hop}, above its 'n_fft' of {self.n_fft}")


@options_class
class TeacherOptions:
    """Learning from the outputs of other networks (distillation, Hinton et al. 2015).

    Weights of losses beside that of the genre, for the clips of all sets that have a teacher's file, with a genre or
    without. The heads tags and embedding have room for all teachers, one after the other.
    """

    files: Annotated[
        Mapping[str, Weight], about("teachers by the name of their file, without .npz, and how much each counts")
    ] = field(default_factory=lambda: {"teacher": 1.0})
    standardise: Annotated[bool, about("compare vectors whose numbers have mean 0 and deviation 1 over the clips")] = (
        False
    )
    tags: Annotated[
        Weight, about("squared error of tokens' and views' tag logits, in deviations of the tag; needs the head tags")
    ] = 1.0
    embedding: Annotated[
        Weight, about("one minus the cosine to the teacher's vector of the clip; needs the head embedding")
    ] = 0.0
    alone: Annotated[Count, about("epochs at the start without the genre loss")] = 0


@options_class
class PretextOptions:
    """Learning from the sound of all clips, without labels (`train.pretext`): weights of losses.

    Needs the head pretext.
    """

    masked: Annotated[Weight, about("tokens that are hidden, from those around them")] = 0.0
    following: Annotated[Weight, about("the token that comes next, from those before it")] = 0.0
    contrast: Annotated[Weight, about("which two halves of views are of one clip")] = 0.0
    artists: Annotated[
        Weight, about("which two views are of one artist, or of one clip where there is no other; steps are of pairs")
    ] = 0.0
    alone: Annotated[Count, about("epochs at the start without the genre loss")] = 0


@options_class
class LatentOptions:
    """The shape of the space of tokens' vectors (`train.latent`): weights of losses beside that of the genre.

    `reconstruction` and `beta` of 1 are a VAE's bound on the likelihood, nats a cell of the spectrogram.
    """

    reconstruction: Annotated[Weight, about("each token drawn from its vector; needs the head decoder")] = 0.0
    beta: Annotated[
        Weight, about("divergence of the vectors from standard normal ones (beta-VAE); needs code = gaussian")
    ] = 0.0
    beta_epochs: Annotated[Count, about("epochs at the start in which beta rises from 0 to its value")] = 0
    free_bits: Annotated[
        Weight, about("nats a number of the vector that its divergence may have for nothing, as a mean over tokens")
    ] = 0.0
    l1: Annotated[Weight, about("mean size of the vectors' numbers, in units of their root mean square")] = 0.0
    following: Annotated[
        Weight, about("the next token's vector from those before it, nats a number; needs the head next")
    ] = 0.0
    foreseen: Annotated[
        Weight, about("the next token drawn from the vector that is expected; needs the heads next and decoder")
    ] = 0.0
    alone: Annotated[Count, about("epochs at the start without the genre loss")] = 0
