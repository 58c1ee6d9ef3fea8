"""What a mosaic needs: nothing that trains."""

import subprocess
import sys

HEAVY = ("torch", "scipy", "sklearn", "matplotlib", "onnxruntime")


def test_a_mosaic_can_be_made_where_there_is_no_torch_and_no_scipy() -> None:
    code = (
        "import sys, earmark.generate.making, earmark.generate.folders, earmark.cli.generate\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert said.stdout.strip() == "[]", said.stdout + said.stderr
