"""The command `correct`: a server for one browser on this machine, until Ctrl-C."""

import asyncio
import secrets
import socket
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import uvicorn

from pipeline.corrections.app import application
from pipeline.corrections.crops import Pictures
from pipeline.corrections.desk import Desk
from pipeline.ending import terminable
from pipeline.failures import UsageError
from pipeline.storage import open_output

HOST: Final = "127.0.0.1"
PATIENCE_SECONDS: Final = 5
"""How long Ctrl-C waits for what is being saved."""


def correct(output: str, who: str, port: int, say: Callable[[str], None]) -> str:
    """Serve the page where people correct the lines of OUT until Ctrl-C; returns what was saved.

    `port` 0 takes a free one. No lock is needed: every correction is an object of its own, so a run may be writing.
    Raises NothingDone where OUT holds no line, UsageError for a port that cannot be had.
    """
    storage = open_output(output)
    with _listening(port) as listener, terminable():
        desk = Desk(storage, who)
        host = f"{HOST}:{listener.getsockname()[1]}"
        token = secrets.token_urlsafe(24)
        address = f"http://{host}/{token}/"

        def serving() -> None:
            say(f"{address}\nis open for this machine alone; Ctrl-C ends it. What the page calls saved is on the disk.")
            _open_browser(address)

        with suppress(KeyboardInterrupt), Pictures(storage) as pictures:
            server(application(desk, pictures, host, token), serving).run([listener])
        return desk.summary()


def _listening(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except (OSError, OverflowError) as error:
        raise UsageError(f"--port {port}: {error}; name another, or none for a free one") from error


class Server(uvicorn.Server):
    """Says when it serves: from then on it heeds Ctrl-C, which Python may lose in the midst of an import."""

    def __init__(self, config: uvicorn.Config, serving: Callable[[], None]) -> None:
        super().__init__(config)
        self._serving = serving

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, then say so."""
        await super().startup(sockets)
        await asyncio.to_thread(self._serving)


def server(app: Callable[..., object], serving: Callable[[], None] = lambda: None) -> Server:
    """Without logs, in which addresses with the token would stand; whatever else is installed, it runs on asyncio.
    `serving` is called once, when it serves.
    """
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=PATIENCE_SECONDS,
    )
    return Server(config, serving)


def _open_browser(address: str) -> None:
    """Open the page, unless this machine has no browser but one that would take this terminal."""
    with suppress(webbrowser.Error):
        browser = webbrowser.get()
        if type(browser) is not webbrowser.GenericBrowser:
            browser.open(address)
