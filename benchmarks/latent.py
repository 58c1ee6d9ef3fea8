"""What the spaces of tokens' vectors are like that a benchmark's networks have found, beside their accuracy.

Each network is asked about the clips that it was held back from, for the runs whose checkpoints are there; what was
asked before is read again. Written are OUT/spaces/PROTOCOL/SYSTEM/RUN.json and, of all of them, OUT/spaces.json and
spaces.md; and OUT/few_data.png, the accuracies of OUT/report.json by the share of clips that were learned from.

    python benchmarks/latent.py plans/latent.toml --data DATA/gtzan --mood DATA/4q --out results/latent

A clip's numbers for linear probes are mean and deviation of its tokens' vectors. Genre: fitted to the clips that the
network was trained on, asked of those held out. Mood (quadrant): fitted to the clips of four fifths of the artists,
asked of the others, each fifth by the network of another fold; no clip by an artist of the first set has a part in it.
Splices: four of twenty tokens of a clip come from another genre, both clips told rightly; found is that genre's most
probable token, each alone.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from earmark.data.dataset import Dataset
from earmark.data.layout import db_of_picture
from earmark.data.splits import artist_folds, linked_artists
from earmark.experiments.job import Job, split
from earmark.experiments.plan import Plan
from earmark.files import write_whole
from earmark.listen.clips import clip_windows
from earmark.listen.linear import SINGLE
from earmark.measure.bootstrap import artist_interval
from earmark.measure.comparison import holm, paired_test
from earmark.measure.spaces import active_numbers, axes_used, hoyer, share_of_zeros
from earmark.models.attention import AttentionNet
from earmark.models.codes import divergence
from earmark.models.decoder import token_pictures
from earmark.models.following import Mixture, log_likelihood
from earmark.plots.comparisons import Series, dots_with_intervals
from earmark.plots.figures import save
from earmark.sound.mel import FLOOR_DB
from earmark.teach.fit import fit_layer
from earmark.teach.splices import INSERTED, TOKENS
from earmark.train.batches import Examples
from earmark.train.checkpoint import Checkpoint

Floats = NDArray[np.float32]
Runs = dict[str, dict[str, Any]]  # what `ask` said, by the name of the run
PROBES = ("genre_probe", "mood_probe")
SPLICES = 60  # a run
SAYING = 0.1  # nats, from which a number of a Gaussian code counts
FOLDS = 5


class Heard:
    """What a network makes of clips: `vectors` and `alone` (log probabilities of genres), lists of (tokens, ...)."""

    def __init__(self, net: AttentionNet, pictures: Sequence[NDArray[np.uint8]]) -> None:
        self.vectors: list[Floats] = []
        self.alone: list[Floats] = []
        self.logits: list[Floats] = []
        with torch.inference_mode():
            for picture in pictures:
                windows = clip_windows(db_of_picture(picture))
                said = [net(torch.from_numpy(window.db[None]), attention=True) for window in windows]
                new = [window.new_tokens for window in windows]
                self.vectors.append(_new([each.vectors[0] for each in said], new))
                self.alone.append(_new([each.alone[0].log_softmax(dim=1) for each in said], new))
                rows = np.concatenate([each.logits.numpy() for each in said])
                self.logits.append(np.average(rows, axis=0, weights=new).astype(np.float32))

    def numbers(self) -> Floats:
        """(clips, 2 * vector): mean and deviation over tokens."""
        return np.stack([np.concatenate([each.mean(axis=0), each.std(axis=0)]) for each in self.vectors])


def _new(parts: Sequence[torch.Tensor], new: Sequence[int]) -> Floats:
    return np.concatenate([part[len(part) - count :].numpy() for part, count in zip(parts, new, strict=True)])


def main() -> None:
    """Ask what was not asked yet, and sum up."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("plan", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="as `earmark benchmark` had it")
    parser.add_argument("--mood", type=Path, required=True, help="a set with a column quadrant")
    parser.add_argument("--out", type=Path, required=True, help="the benchmark's folder")
    parser.add_argument("--report-only", action="store_true", help="ask nothing, sum up what was asked")
    options = parser.parse_args()
    torch.set_num_threads(1)
    # All systems' runs of a fold before the next fold's, so that what is there can be compared early.
    jobs = sorted(Plan.load(options.plan).jobs([options.data], options.out), key=lambda job: (job.seed, job.fold))
    mood = None if options.report_only else Mood(Dataset.load(options.mood), Dataset.load(options.data))
    asked: dict[str, dict[str, Runs]] = {}
    for job in jobs:
        file = options.out / "spaces" / job.protocol.name / job.recipe.name / f"{job.table.stem}.json"
        if not file.exists():
            if mood is None or not (job.done and (job.checkpoints / "checkpoint.pt").exists()):
                continue
            write_whole(file, json.dumps(ask(job, mood)) + "\n")
            print(file, flush=True)
        runs = asked.setdefault(job.protocol.name, {}).setdefault(job.recipe.name, {})
        runs[file.stem] = json.loads(file.read_text())
    reference = Plan.load(options.plan).reference
    summed = {protocol: compared(systems, reference) for protocol, systems in asked.items()}
    write_whole(options.out / "spaces.json", json.dumps(summed, indent=1) + "\n")
    write_whole(options.out / "spaces.md", page(summed))
    few_data(Plan.load(options.plan), options.out)


def few_data(plan: Plan, out: Path) -> None:
    """Draw the accuracies of a report, a row a share of the clips, of systems that have all folds on fewer clips."""
    report = json.loads((out / "report.json").read_text())
    cells = {(cell["system"], cell["protocol"]): cell for cell in report["cells"] if cell["runs_done"] >= FOLDS}
    protocols = sorted(plan.protocols.values(), key=lambda each: -each.share)
    systems = [name for name in plan.systems if sum((name, each.name) in cells for each in protocols) > 1]
    if not systems:
        return
    series = []
    for place, system in enumerate(systems):
        rows = [cells.get((system, each.name), {}) for each in protocols]
        values, lows, highs = (
            [float(row.get(key, np.nan)) for row in rows] for key in ("accuracy", "accuracy_low", "accuracy_high")
        )
        series.append(Series(system, values, lows, highs, place))
    names = [f"{each.share:.0%} of the clips" for each in protocols]
    save(dots_with_intervals(names, series, label="accuracy, %"), out / "few_data.png")


class Mood:
    """Clips with a quadrant, but those by artists of another set, and their folds by artist."""

    def __init__(self, data: Dataset, other: Dataset) -> None:
        everyone = [*data.clips, *other.clips]
        artists = linked_artists([clip.artist_key for clip in everyone])
        taken = set(artists[len(data.clips) :])
        rows = [(clip, artist) for clip, artist in zip(data.clips, artists, strict=False) if artist not in taken]
        rows = [(clip, artist) for clip, artist in rows if clip.columns.get("quadrant") and not clip.flagged]
        self.clips, self.artists = [clip for clip, _ in rows], [artist for _, artist in rows]
        self.truth = np.array([int(clip.columns["quadrant"][1:]) - 1 for clip in self.clips])
        self.pictures = data.pictures(self.clips)
        names = [str(each) for each in self.truth]
        self.folds = {seed: artist_folds(names, self.artists, folds=FOLDS, seed=seed) for seed in range(3)}


def ask(job: Job, mood: Mood) -> dict[str, Any]:
    """All figures of one run, with the answers that intervals are made of."""
    checkpoint = Checkpoint.load(job.checkpoints)
    net = checkpoint.network()
    assert isinstance(net, AttentionNet)
    _, examples, folds = split(job)
    held = examples.take(folds == job.fold)
    mine = examples.take(job.protocol.may_train(examples, folds, job.fold))
    heard, learned = Heard(net, _pictures(held)), Heard(net, _pictures(mine))
    truth, taught = (each.allowed.numpy().argmax(axis=1) for each in (held, mine))
    in_mood = Heard(net, mood.pictures).numbers()
    asked = mood.folds[job.seed] == job.fold
    return {
        "genre_probe": _answers(learned.numbers(), taught, heard.numbers(), truth, held.artists),
        "mood_probe": _answers(
            in_mood[~asked],
            mood.truth[~asked],
            in_mood[asked],
            mood.truth[asked],
            [artist for artist, mine_too in zip(mood.artists, asked, strict=True) if mine_too],
        ),
        "splices": splices(heard, truth, held.artists, seed=1000 * job.seed + job.fold),
        **shape(np.concatenate(heard.vectors)),
        **of_codes(net, held),
        **of_next(net, learned.vectors, heard.vectors),
    }


def _pictures(examples: Examples) -> list[NDArray[np.uint8]]:
    pairs = zip(examples.pictures, examples.frames.tolist(), strict=True)
    return [picture[:, :frames].numpy() for picture, frames in pairs]


def _answers(
    numbers: Floats, truth: NDArray[np.int64], asked: Floats, answers: NDArray[np.int64], artists: Sequence[str]
) -> list[list[Any]]:
    """A linear probe's hits: [artist, 1 or 0] of each clip asked."""
    targets = np.eye(int(max(truth.max(), answers.max())) + 1)[truth]
    said = fit_layer(numbers, targets, kind=SINGLE, own=numbers.shape[1]).scores(asked).argmax(axis=1)
    return [[artist, int(hit)] for artist, hit in zip(artists, said == answers, strict=True)]


def splices(heard: Heard, truth: NDArray[np.int64], artists: Sequence[str], *, seed: int) -> list[int]:
    """1 for each splice that was found, else 0."""
    rng, found = np.random.default_rng(seed), list[int]()
    right = [row for row, logits in enumerate(heard.logits) if logits.argmax() == truth[row]]
    rows = [row for row in right if len(heard.alone[row]) >= TOKENS]
    for _ in range(50 * SPLICES):
        if len(found) == SPLICES or len(rows) < 2:
            break
        host, guest = rng.choice(rows, 2, replace=False).tolist()
        if truth[host] == truth[guest] or artists[host] == artists[guest]:
            continue
        start, taken = (int(rng.integers(TOKENS - INSERTED + 1)) for _ in range(2))
        sequence = heard.alone[host][:TOKENS, truth[guest]].copy()
        sequence[start : start + INSERTED] = heard.alone[guest][taken : taken + INSERTED, truth[guest]]
        found.append(int(start <= int(sequence.argmax()) < start + INSERTED))
    return found


def shape(vectors: Floats) -> dict[str, float]:
    """How many numbers of vectors (tokens, vector) vary, how many axes that is worth, and how sparse they are."""
    return {
        "active": active_numbers(vectors),
        "axes": axes_used(vectors),
        "zeros": share_of_zeros(vectors),
        "hoyer": hoyer(vectors),
    }


def of_codes(net: AttentionNet, held: Examples) -> dict[str, Any]:
    """Nats of each number of a Gaussian code, and the error of what a decoder draws, dB, as far as there are such."""
    nats, errors, usual = list[Floats](), list[Floats](), list[Floats]()
    gaussian, draws = net.options.code == "gaussian", "decoder" in net.options.heads
    if not (gaussian or draws):
        return {}
    with torch.inference_mode():
        for picture in _pictures(held):
            for window in clip_windows(db_of_picture(picture)):
                db = torch.from_numpy(window.db[None])
                coded = net.cnn.coded(net._tokens(db))
                wanted = token_pictures(db, coded.vectors.shape[1])
                if gaussian:
                    nats.append(divergence(coded)[0].numpy())
                if draws:
                    drawn = net.decoder()(coded.vectors).clamp(0, 1)
                    errors.append(((drawn - wanted) * FLOOR_DB).square().mean(dim=(2, 3))[0].numpy())
                usual.append(wanted[0].numpy())
    said: dict[str, Any] = {}
    if gaussian:
        each = np.concatenate(nats).mean(axis=0)
        said = {"kl": float(each.sum()), "kl_each": sorted(each.tolist(), reverse=True)}
    if draws:
        pictures = np.concatenate(usual)
        said["drawn_db"] = float(np.sqrt(np.concatenate(errors).mean()))
        said["mean_db"] = -FLOOR_DB * float(np.sqrt(np.square(pictures - pictures.mean(axis=0)).mean()))
    return said


def of_next(net: AttentionNet, learned: Sequence[Floats], heard: Sequence[Floats]) -> dict[str, float]:
    """Nats of the next token's vector, of the network and of Gaussians around the mean and around the last token."""
    if "next" not in net.options.heads:
        return {}
    every = torch.from_numpy(np.concatenate(learned))
    steps = torch.from_numpy(np.concatenate([each[1:] - each[:-1] for each in learned]))
    spreads = {"mean": every.std(dim=0), "last": steps.square().mean(dim=0).sqrt()}
    said: dict[str, list[float]] = {"model": [], "mean": [], "last": []}
    with torch.inference_mode():
        for vectors in heard:
            given = torch.from_numpy(vectors)
            said["model"] += (-log_likelihood(net.next_token()(given[None, :-1]), given[None, 1:]))[0].tolist()
            for name, guess in {"mean": every.mean(dim=0).expand_as(given[1:]), "last": given[:-1]}.items():
                log_sds = spreads[name].clamp(min=0.05).log().expand_as(guess)
                around = Mixture(torch.zeros(len(guess), 1), guess[:, None], log_sds[:, None])
                said[name] += (-log_likelihood(around, given[1:])).tolist()
    return {f"next_{name}": float(np.mean(nats)) for name, nats in said.items()}


def compared(systems: Mapping[str, Runs], reference: str) -> dict[str, dict[str, Any]]:
    """`summed_up` of each system, its probes beside the reference's on the same clips; p adjusted over the systems."""
    said = {name: summed_up(list(runs.values())) for name, runs in systems.items()}
    base = systems.get(reference, {})
    for probe in PROBES:
        tests = {}
        for name, runs in systems.items():
            common = sorted(runs.keys() & base.keys())
            if name == reference or not common:
                continue
            artists = [artist for run in common for artist, _ in runs[run][probe]]
            own, other = ([hit for run in common for _, hit in each[run][probe]] for each in (runs, base))
            tests[name] = paired_test(own, other, artists, rng=np.random.default_rng(0))
        for (name, test), p in zip(
            tests.items(), holm([test.p for test in tests.values()]) if tests else (), strict=True
        ):
            said[name][probe] |= {"difference": vars(test), "p_holm": p}
    return said


def summed_up(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Means over runs; shares of all answers, with intervals by artist."""
    said: dict[str, Any] = {"runs": len(runs)}
    for name in PROBES:
        artists, hits = zip(*(answer for run in runs for answer in run[name]), strict=True)
        low, high = artist_interval(np.array(hits, np.float64), artists, rng=np.random.default_rng(0))
        said[name] = {"n": len(hits), "accuracy": float(np.mean(hits)), "interval": [low, high]}
    found = [hit for run in runs for hit in run["splices"]]
    said["splices"] = {"n": len(found), "found": float(np.mean(found)) if found else None, "chance": INSERTED / TOKENS}
    for name in (
        "active",
        "axes",
        "zeros",
        "hoyer",
        "kl",
        "drawn_db",
        "mean_db",
        "next_model",
        "next_mean",
        "next_last",
    ):
        if name in runs[0]:
            said[name] = float(np.mean([run[name] for run in runs]))
    if "kl_each" in runs[0]:
        each = np.mean([run["kl_each"] for run in runs], axis=0)
        said["kl_each"] = [round(float(nats), 3) for nats in each]
        said["saying"] = int((each > SAYING).sum())
    return said


def page(summed: dict[str, dict[str, dict[str, Any]]]) -> str:
    """The tables, Markdown: what is read off the vectors, and how they lie."""
    lines = ["# Spaces of tokens' vectors", "", "Made by `benchmarks/latent.py`; what the columns mean stands there."]
    for protocol, systems in summed.items():
        lines += ["", f"## {protocol}", "", f"| {' | '.join(READ)} |", "|" + " --- |" * len(READ)]
        lines += [f"| {name} | {' | '.join(_read(figures))} |" for name, figures in systems.items()]
        lines += ["", f"| {' | '.join(LIE)} |", "|" + " --- |" * len(LIE)]
        lines += [f"| {name} | {' | '.join(_lie(figures))} |" for name, figures in systems.items()]
    return "\n".join(lines) + "\n"


READ = ["vectors of", "runs", "genre probe", "against plain", "mood probe", "against plain", "splices found"]
LIE = [
    *("vectors of", "active", "axes", "zeros", "Hoyer", "KL, nats", "above 0.1 nats"),
    *("drawn (mean token), dB", "next token (around the last; the mean), nats"),
]


def _read(figures: dict[str, Any]) -> list[str]:
    cells = [str(figures["runs"])]
    for name in PROBES:
        low, high = figures[name]["interval"]
        cells.append(f"{figures[name]['accuracy']:.1%} ({100 * low:.1f} to {100 * high:.1f})")
        against = figures[name].get("difference")
        cells.append("–" if not against else f"{100 * against['difference']:+.1f} (p = {figures[name]['p_holm']:.2g})")
    found = figures["splices"]
    return [*cells, "–" if found["found"] is None else f"{found['found']:.0%} of {found['n']}"]


def _lie(figures: dict[str, Any]) -> list[str]:
    cells = [f"{figures['active']:.1f}", f"{figures['axes']:.1f}", f"{figures['zeros']:.0%}", f"{figures['hoyer']:.2f}"]
    cells.append(f"{figures['kl']:.1f}" if "kl" in figures else "–")
    cells.append(str(figures.get("saying", "–")))
    cells.append(f"{figures['drawn_db']:.1f} ({figures['mean_db']:.1f})" if "drawn_db" in figures else "–")
    following = (figures.get(f"next_{name}") for name in ("model", "last", "mean"))
    return [*cells, "–" if "next_model" not in figures else "{:.1f} ({:.1f}; {:.1f})".format(*following)]


if __name__ == "__main__":
    main()
