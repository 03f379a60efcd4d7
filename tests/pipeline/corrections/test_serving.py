import signal
import socket
import urllib.request
import webbrowser
from pathlib import Path

import pytest

from pipeline import cli
from pipeline.corrections import serving
from tests.pipeline.clusters import free_port
from tests.pipeline.corrections.served import Command, archive


def test_it_serves_this_machine_alone_until_ctrl_c(tmp_path: Path) -> None:
    running = Command(archive(tmp_path).root)
    address = running.address
    assert address.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(address) as answer:
        assert b"<title>Correct</title>" in answer.read()
    code, told = running.end()
    assert code == 0
    assert "saved 0 corrections" in told
    assert "Traceback" not in told


def test_every_start_has_a_token_of_its_own_and_the_port_that_is_named(tmp_path: Path) -> None:
    storage, tokens = archive(tmp_path), set()
    port = free_port()
    for _ in range(2):
        running = Command(storage.root, "--port", str(port))
        _, _, host, token, _ = running.address.split("/")
        assert host == f"127.0.0.1:{port}"
        assert len(token) >= 32
        tokens.add(token)
        assert running.end()[0] == 0
    assert len(tokens) == 2


def test_sigterm_ends_it_too(tmp_path: Path) -> None:
    running = Command(archive(tmp_path).root)
    assert running.address
    code, told = running.end(signal.SIGTERM)
    assert code == 143
    assert "terminated" in told


def test_a_port_that_is_taken_and_an_output_without_lines_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for arguments, code, message in (
            ([archive(tmp_path).root, "--port", str(port)], 2, f"--port {port}: "),
            ([str(tmp_path / "none")], 4, "holds no line"),
            ([str(tmp_path), "--import", str(tmp_path), "--port", "1"], 2, "leave it out with --import"),
        ):
            with pytest.raises(SystemExit) as exited:
                cli.main(["correct", *arguments])
            assert exited.value.code == code
            assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("browser", "opened"),
    [
        (webbrowser.GenericBrowser("lynx"), False),
        (webbrowser.BackgroundBrowser("firefox"), True),
        (None, False),
    ],
)
def test_a_browser_opens_where_there_is_one_with_a_window(
    monkeypatch: pytest.MonkeyPatch, browser: webbrowser.GenericBrowser | None, opened: bool
) -> None:
    addresses: list[str] = []

    def get() -> webbrowser.BaseBrowser:
        if browser is None:
            raise webbrowser.Error("no browser")
        return browser

    def note(self: object, address: str, *_: object) -> bool:  # noqa: ARG001
        addresses.append(address)
        return True

    monkeypatch.setattr(webbrowser, "get", get)
    for kind in (webbrowser.GenericBrowser, webbrowser.BackgroundBrowser):
        monkeypatch.setattr(kind, "open", note)
    serving._open_browser("http://127.0.0.1:1/")
    assert addresses == (["http://127.0.0.1:1/"] if opened else [])
