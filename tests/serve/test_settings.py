"""What a server may be started with."""

import os
from pathlib import Path

import pytest

from earmark.errors import ServeError
from earmark.serve.settings import Settings, address, checked, is_loopback, secret


@pytest.mark.parametrize(
    ("host", "alone"),
    [
        ("127.0.0.1", True), ("127.1.2.3", True), ("localhost", True), ("LOCALHOST", True), ("::1", True),
        ("[::1]", True), ("0.0.0.0", False), ("::", False), ("192.168.0.1", False), ("example.org", False), ("", False),
    ],
)  # fmt: skip
def test_it_is_known_which_hosts_only_this_machine_reaches(host: str, *, alone: bool) -> None:
    assert is_loopback(host) is alone


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (Settings(host="0.0.0.0"), "Without a token"),
        (Settings(host="::"), "Without a token"),
        (Settings(host="music.example"), "Without a token"),
        (Settings(token="short"), "5 letters"),
        (Settings(host="0.0.0.0", token="x" * 15), "15 letters"),
    ],
)
def test_strangers_are_not_let_in(settings: Settings, words: str) -> None:
    with pytest.raises(ServeError, match=words) as raised:
        checked(settings)
    assert "EARMARK_TOKEN=" in raised.value.hint


def test_a_password_that_is_soon_guessed_is_refused() -> None:
    with pytest.raises(ServeError, match="7 letters"):
        checked(Settings(password="sesame!"))


def test_a_token_lets_a_server_be_seen() -> None:
    settings = Settings(host="0.0.0.0", token="x" * 16, password="well hidden")
    assert checked(settings) is settings
    assert "x" * 16 not in repr(settings)
    assert "well hidden" not in repr(settings)


def test_a_secret_comes_from_its_file_or_else_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "token"
    file.write_text("from the file\nmore\n")
    file.chmod(0o600)
    monkeypatch.setenv("A_SECRET", " from outside ")
    assert secret("A_SECRET", None, what="token") == "from outside"
    assert "A_SECRET" not in os.environ, "processes that hear shall not have it"
    assert secret("A_SECRET", None, what="token") == ""
    monkeypatch.setenv("A_SECRET", "from outside")
    assert secret("A_SECRET", file, what="token") == "from the file"
    assert "A_SECRET" not in os.environ


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [(b"", 0o600, "no token in"), (b"\xff\xfe", 0o600, "cannot be read"), (b"secret", 0o644, "Others may read")],
)
def test_a_file_that_keeps_no_secret_is_refused(tmp_path: Path, content: bytes, mode: int, words: str) -> None:
    if os.name == "nt" and mode == 0o644:
        pytest.skip("permissions are others there")
    file = tmp_path / "token"
    file.write_bytes(content)
    file.chmod(mode)
    with pytest.raises(ServeError, match=words):
        secret("NONE", file, what="token")


def test_a_missing_file_of_a_secret_is_told(tmp_path: Path) -> None:
    with pytest.raises(ServeError, match="cannot be read"):
        secret("NONE", tmp_path / "nothing", what="token")


@pytest.mark.parametrize(
    ("host", "shown"),
    [("127.0.0.1", "http://127.0.0.1:80/"), ("0.0.0.0", "http://127.0.0.1:80/"), ("::1", "http://[::1]:80/")],
)
def test_the_address_is_one_that_a_browser_here_can_open(host: str, shown: str) -> None:
    assert address(host, 80) == shown
