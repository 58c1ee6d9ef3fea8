"""What a server loads when it starts: none of what only training needs; and what it says without its extra."""

import subprocess
import sys

_HEAVY = ("torch", "scipy", "sklearn", "matplotlib", "pyarrow", "ray", "onnx")


def run(code: str) -> str:
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


def test_the_application_loads_nothing_that_training_needs() -> None:
    loaded = run(f"import sys, earmark.serve.app; print([name for name in {_HEAVY} if name in sys.modules])")
    assert loaded == "[]"


def test_without_its_extra_it_says_which_one_is_missing() -> None:
    code = (
        "import sys; sys.modules['uvicorn'] = None\n"
        "from earmark.errors import MissingExtraError\n"
        "from earmark.serve.running import prepared\n"
        "from earmark.serve.settings import Settings\n"
        "try:\n    prepared(Settings())\n"
        "except MissingExtraError as error:\n    print(error)\n"
    )
    assert "pip install 'earmark[serve]'" in run(code)
