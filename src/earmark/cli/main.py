"""The command `earmark`: finds the verbs, runs one, and turns errors into one line on stderr and exit code 1.

A verb is a module of this folder with `register(app)`, or with a typer `app` of its own where it has verbs below it; to
add one, add a file. Verbs import rooms inside their functions, and typer is imported by `run` alone, so that help comes
at once and worker processes, which import this module, do not pay for it.
"""

import errno
import importlib
import os
import pkgutil
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

from earmark import __version__
from earmark.cli._streams import end_in_order, prepare_streams, say
from earmark.errors import EarmarkError, MissingExtraError

if TYPE_CHECKING:
    import typer

# Which extra brings a package that is not in the base.
EXTRAS = {
    "torch": "train",
    "onnx": "train",
    "pydantic": "train",
    "matplotlib": "plots",
    "scipy": "analyze",
    "sklearn": "analyze",  # controls need it too, and say themselves where they find it
    "optuna": "benchmark",
    "pyarrow": "parquet",
}

# What a write ends with where the medium is at fault.
WRITING_FAILS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def run() -> None:
    """What the installed command calls; ends the process."""
    prepare_streams()
    end_in_order()
    try:
        _run()
    except SystemExit as end:
        watchdog = sys.modules.get("earmark.sound.watchdog")
        if watchdog and watchdog.anything_left():
            # A thread whose decoder hangs cannot be waited for, nor can what it holds be taken apart.
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            os._exit(end.code if isinstance(end.code, int) else int(end.code is not None))
        raise


def _run() -> None:
    try:
        _refuse_empty_names(sys.argv[1:])
        build_app(_verb())()
    except EarmarkError as error:
        say(str(error))
        sys.exit(1)
    except ModuleNotFoundError as missing:  # rooms import what their extra brings where they use it
        extra = EXTRAS.get((missing.name or "").partition(".")[0])
        if extra is None:
            raise
        say(str(MissingExtraError.naming(f"`earmark {_verb()}`", extra)))
        sys.exit(1)
    except OSError as error:  # a disk that is full, a device that is gone: nobody's mistake, no news for a traceback
        say(_sentence(error))
        # What Python still holds for stdout would fail again when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _refuse_empty_names(words: list[str]) -> None:
    """An empty name, as from a variable of the shell that is not set, would stand for the folder one is in."""
    if any(not word and not before.startswith("-") for before, word in pairwise(words)):
        raise EarmarkError("An empty name is no file.", hint="Name a file or folder.")


def _sentence(error: OSError) -> str:
    if error.filename:
        return f"{error.filename}: {error.strerror or error}."
    if error.errno in WRITING_FAILS:  # a file names itself when it cannot be written (`earmark.files`)
        return f"Standard output cannot be written ({error.strerror})."
    return f"{error.strerror or error}."


def _verb() -> str:
    return next((word for word in sys.argv[1:] if not word.startswith("-")), "")


def build_app(verb: str = "") -> "typer.Typer":
    """The typer application with every verb; with that one alone where it is one, which starts sooner."""
    import typer

    app = typer.Typer(
        name="earmark",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,  # plain help comes in half the time
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback(invoke_without_command=True)
    def earmark(
        version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
    ) -> None:
        """Hear music: which genres a track has, and in which seconds it shows them.

        \b
        Example: earmark listen song.mp3 ~/Music/album
        """
        if version:
            typer.echo(f"earmark {__version__}")
            raise typer.Exit

    names = _verbs()
    asked = verb.replace("-", "_")
    for name in [asked] if asked in names else names:
        module = importlib.import_module(f"earmark.cli.{name}")
        if hasattr(module, "register"):
            module.register(app)
        else:
            app.add_typer(module.app, name=name)
    return app


def _verbs() -> list[str]:
    import earmark.cli

    names = [module.name for module in pkgutil.iter_modules(earmark.cli.__path__)]
    return [name for name in names if name != "main" and not name.startswith("_")]
