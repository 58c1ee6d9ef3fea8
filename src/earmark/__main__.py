"""`python -m earmark` is the command `earmark`; worker processes start from here without running it."""

from earmark.cli.main import run

if __name__ == "__main__":
    run()
