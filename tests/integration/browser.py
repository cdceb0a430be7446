"""Debian's Chromium without a window, driven over the DevTools protocol
(https://chromedevtools.github.io/devtools-protocol/).
"""

from __future__ import annotations

import asyncio
import base64
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp

from tests.integration.tools import tool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

_OPTIONS = (
    "--headless=new",
    "--remote-debugging-port=0",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-sync",
    "--hide-scrollbars",
    "--mute-audio",
    # Nothing leaves this machine, whatever a page or the browser itself asks for.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
_START_SECONDS = 60.0
_ANSWER_SECONDS = 30.0


class Page:
    """One tab. It remembers the addresses that were asked for, and everything that went to the console."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._session: str | None = None
        self._numbers = 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._loaded = asyncio.Event()
        # What is loading, and what has been loaded to its end.
        self._loading = ""
        self._loaded_last = ""
        self.requested: list[str] = []
        self.complaints: list[str] = []

    async def open(self) -> None:
        target = await self._call("Target.createTarget", url="about:blank")
        attached = await self._call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            await self._call(f"{domain}.enable")
        await self.resize(1_200, 800)

    async def goto(self, url: str) -> None:
        """Load a page, to its end."""
        told = await self._call("Page.navigate", url=url)
        async with asyncio.timeout(_ANSWER_SECONDS):
            # The page before this one may not have been at its end.
            while self._loaded_last != told["loaderId"]:
                self._loaded.clear()
                await self._loaded.wait()

    async def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        done = await self._call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    async def until(self, condition: str) -> None:
        """Wait until an expression in the page is true."""
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                while not await self._may_be_true(condition):  # noqa: ASYNC110 - the page does not tell
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"never true: {condition}") from None

    async def press(self, key: str) -> None:
        """Press a key, and let go of it."""
        code = {"Enter": 13, "Escape": 27}.get(key)
        said: dict[str, Any] = {"key": key, "text": "\r" if key == "Enter" else key if code is None else ""}
        if code is not None:
            said |= {"windowsVirtualKeyCode": code, "code": key}
        await self._call("Input.dispatchKeyEvent", type="keyDown" if said["text"] else "rawKeyDown", **said)
        await self._call("Input.dispatchKeyEvent", type="keyUp", **{k: v for k, v in said.items() if k != "text"})

    async def type(self, text: str) -> None:
        await self._call("Input.insertText", text=text)

    async def resize(self, width: int, height: int) -> None:
        await self._call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    async def prefer(self, scheme: str) -> None:
        """`light` or `dark`."""
        await self._call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    async def scripts(self, *, allowed: bool) -> None:
        await self._call("Emulation.setScriptExecutionDisabled", value=not allowed)

    async def screenshot(self) -> bytes:
        """What is seen now, as PNG."""
        shot = await self._call("Page.captureScreenshot", format="png", optimizeForSpeed=False)
        return base64.b64decode(shot["data"])

    async def listen(self) -> None:
        """Take what the browser says, until it says no more."""
        async for message in self._socket:
            said = message.json()
            if "id" in said:
                waiting = self._answers.pop(said["id"])
                if "error" in said:
                    waiting.set_exception(AssertionError(said["error"]))
                else:
                    waiting.set_result(said["result"])
            else:
                self._take(said["method"], said.get("params", {}))

    def _take(self, event: str, told: dict[str, Any]) -> None:
        match event:
            case "Page.frameNavigated":
                self._loading = told["frame"]["loaderId"]
            case "Page.loadEventFired":
                self._loaded_last = self._loading
                self._loaded.set()
            case "Network.requestWillBeSent":
                self.requested.append(told["request"]["url"])
            case "Runtime.exceptionThrown":
                self.complaints.append(str(told["exceptionDetails"]))
            case "Runtime.consoleAPICalled":
                self.complaints.append(str(told["args"]))
            case "Log.entryAdded":
                self.complaints.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")

    async def _may_be_true(self, condition: str) -> bool:
        """Whether it is true now; a page that is just being left has no answer."""
        done = await self._call("Runtime.evaluate", expression=condition, returnByValue=True)
        return bool(done["result"].get("value")) and "exceptionDetails" not in done

    async def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._numbers += 1
        said = {"id": self._numbers, "method": method, "params": parameters}
        if self._session is not None:
            said["sessionId"] = self._session
        answer = self._answers[self._numbers] = asyncio.get_running_loop().create_future()
        await self._socket.send_json(said)
        async with asyncio.timeout(_ANSWER_SECONDS):
            told: dict[str, Any] = await answer
            return told


@asynccontextmanager
async def browse(folder: Path) -> AsyncIterator[Page]:
    """A browser with one empty tab, its profile in `folder`. Skips the test where there is none."""
    program = tool("chromium", get="it is Debian's package chromium")
    # Chromium's sandbox does not work for root.
    options = (*_OPTIONS, *(("--no-sandbox",) if os.geteuid() == 0 else ()), f"--user-data-dir={folder}")
    with (folder / "chromium.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(program, *options, "about:blank", stdout=log, stderr=log)
    try:
        port, path = await _address(folder / "DevToolsActivePort", process)
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"ws://127.0.0.1:{port}{path}", max_msg_size=0) as socket,
        ):
            page = Page(socket)
            listening = asyncio.create_task(page.listen())
            try:
                await page.open()
                yield page
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _address(file: Path, process: asyncio.subprocess.Process) -> tuple[str, str]:
    """Where the browser listens: it writes that to a file."""
    async with asyncio.timeout(_START_SECONDS):
        while not (said := _said(file)).count("\n"):
            assert process.returncode is None, _said(file.with_name("chromium.log"))
            await asyncio.sleep(0.05)
    port, path = said.split()
    return port, path


def _said(file: Path) -> str:
    return file.read_text() if file.exists() else ""
