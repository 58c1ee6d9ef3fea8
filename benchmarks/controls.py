"""What needs no network: the commonest genre, and an RBF-SVM on the mean and deviation of each mel band.

    python benchmarks/controls.py DATA/gtzan --out results/controls

Under the very folds of `earmark crossval` (5 folds by artist, 3 seeds), and fault-filtered train -> valid where the set
has that split. The SVM is scikit-learn's, C = 1, features standardised on the training part; nothing was tuned.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from earmark.data.dataset import Dataset
from earmark.data.splits import artist_folds, column_split, linked_artists
from earmark.files import write_whole
from earmark.measure.bootstrap import artist_interval
from earmark.measure.metrics import accuracy, macro_f1

FOLDS, SEEDS = 5, 3
SPLIT = "fault_filtered_split=train"
Features = NDArray[np.float64]
Labels = NDArray[np.int64]


def main() -> None:
    """Measure and write metrics.json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("results/controls"))
    options = parser.parse_args()
    dataset = Dataset.load(options.data)
    labels = np.array([dataset.labels.index(clip.label or "") for clip in dataset.clips])
    pictures = dataset.pictures()
    features = np.array([np.r_[picture.mean(axis=1), picture.std(axis=1)] for picture in pictures])
    artists = linked_artists([clip.artist_key for clip in dataset.clips])
    figures = {
        "n": len(labels),
        "n_artists": len(set(artists)),
        "majority": float(np.bincount(labels).max() / len(labels)),
        "svm": cross_validated(features, labels, artists),
    }
    if any("fault_filtered_split" in clip.columns for clip in dataset.clips):
        train = column_split(dataset.clips, SPLIT)
        figures["svm_train_valid"] = figures_of(
            labels[~train],
            fit_predict(features, labels, train),
            [a for a, t in zip(artists, train, strict=True) if not t],
        )
    text = json.dumps(figures, indent=2) + "\n"
    write_whole(options.out / "metrics.json", text)
    print(text, end="")


def cross_validated(features: Features, labels: Labels, artists: list[str]) -> dict[str, object]:
    """Figures over all seeds; each seed's answers are drawn together with their artist."""
    names = [str(label) for label in labels]
    answers = []
    for seed in range(SEEDS):
        folds = artist_folds(names, artists, folds=FOLDS, seed=seed)
        answer = np.empty_like(labels)
        for fold in range(FOLDS):
            answer[folds == fold] = fit_predict(features, labels, folds != fold)
        answers.append(answer)
    by_seed = {str(seed): accuracy(labels, answer) for seed, answer in enumerate(answers)}
    return figures_of(np.tile(labels, SEEDS), np.concatenate(answers), artists * SEEDS) | {"accuracy_by_seed": by_seed}


def fit_predict(features: Features, labels: Labels, train: NDArray[np.bool_]) -> Labels:
    """Answers for the rows that do not train."""
    model = make_pipeline(StandardScaler(), SVC(C=1.0)).fit(features[train], labels[train])
    return np.asarray(model.predict(features[~train]))


def figures_of(labels: Labels, answers: Labels, artists: list[str]) -> dict[str, object]:
    """Accuracy with its interval, and macro-F1."""
    low, high = artist_interval(labels == answers, artists, rng=np.random.default_rng(0))
    return {
        "accuracy": accuracy(labels, answers),
        "accuracy_low": low,
        "accuracy_high": high,
        "macro_f1": macro_f1(labels, answers),
    }


if __name__ == "__main__":
    main()
