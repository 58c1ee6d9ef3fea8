"""What a clip and epoch of training costs, and what each trick saves, side by side in one run.

    python benchmarks/train.py [--recipe recipes/earmark.toml] [--rounds 5]

Each variant runs in a process of its own, in turn and `rounds` times over, on random spectrograms of 30 s: batches,
augmentation, network, backward pass, optimiser and weight average, as `earmark train` does them. Printed are medians in
milliseconds a clip and epoch, and the ratio to the recipe as it is.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

BATCHES = 6
VARIANTS = {
    "as it is": "",
    "all 20 tokens, not a random run of them": "tokens",
    "memory handed back to the system": "memory",
    "kernels with channels first": "layout",
    "spectrograms with channels first": "picture",
    "no augmentation": "augment",
}


def main() -> None:
    """Measure all variants, or, called by itself, one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="recipes/earmark.toml")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--variant", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.variant is not None:
        print(json.dumps(measure(options.recipe, options.variant)))
        return
    times: dict[str, list[float]] = {name: [] for name in VARIANTS}
    for _ in range(options.rounds):
        for name, variant in VARIANTS.items():
            command = [sys.executable, __file__, "--recipe", options.recipe, "--variant", variant]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            times[name].append(json.loads(done.stdout))
    own = statistics.median(times["as it is"])
    print(f"{Path(options.recipe).stem}, {os.cpu_count()} cores, {options.rounds} rounds")
    for name, rows in times.items():
        median = statistics.median(rows)
        print(f"{name:42s} {median:7.1f} ms a clip and epoch, {median / own:5.2f} times the recipe as it is")


def measure(recipe_path: str, variant: str) -> float:
    """Milliseconds a clip and epoch of one variant, after a warm-up batch."""
    import dataclasses
    import time

    import torch

    from earmark.data.dataset import Clip
    from earmark.train import loop
    from earmark.train.batches import Examples
    from earmark.train.options import AugmentOptions
    from earmark.train.recipe import Recipe

    recipe = Recipe.load(recipe_path)
    if variant == "tokens":
        recipe = dataclasses.replace(recipe, augment=dataclasses.replace(recipe.augment, tokens=0))
    if variant == "augment":
        recipe = dataclasses.replace(recipe, augment=AugmentOptions(tokens=recipe.augment.tokens))
    if variant != "memory":
        loop.keep_memory()
    size = recipe.train.batch_size
    clips = size * BATCHES
    examples = Examples(
        clips=tuple(Clip(str(number), Path(), None, "") for number in range(clips)),
        pictures=torch.randint(0, 256, (clips, 128, 387), dtype=torch.uint8),
        frames=torch.full((clips,), 387),
        allowed=torch.nn.functional.one_hot(torch.arange(clips) % len(recipe.genres), len(recipe.genres)).bool(),
        weights=torch.ones(clips),
        outside=torch.zeros(clips),
        coarse=torch.zeros(clips, dtype=torch.bool),
        styles=torch.zeros(clips, 0),
    )
    place = loop.Place(torch.device("cpu"))
    run = loop.Run(recipe, examples, recipe.genres, seed=0, place=place)
    if variant == "layout":
        for parameter in run.net.parameters():
            parameter.data = parameter.data.contiguous(memory_format=torch.contiguous_format)
    if variant == "picture":
        run.net.cnn.stages.register_forward_pre_hook(
            lambda stages, heard: (heard[0].contiguous().clone(memory_format=torch.contiguous_format),)
        )
    run.train_epoch()  # warm-up
    start = time.perf_counter()
    run.train_epoch()
    return 1000 * (time.perf_counter() - start) / clips


if __name__ == "__main__":
    main()
