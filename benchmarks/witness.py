"""A mail server inside the containers' network that takes everything and writes down what it took, and from whom.

``python -m benchmarks.witness FILE``: one line for each letter, as soon as it is taken: when (seconds), the name with
which the sender greeted, and the Message-ID. Offers pipelining, as real servers do. Standard library only.
"""

import asyncio
import re
import sys
import time
from pathlib import Path
from typing import IO

PORT = 1025
MESSAGE_ID = re.compile(rb"^message-id:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
END = b"\r\n.\r\n"
REPLIES = {
    b"EHLO": b"250-witness\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 20000000\r\n",
    b"DATA": b"354 Go on\r\n",
    b"QUIT": b"221 2.0.0 Bye\r\n",
}


class Witness(asyncio.Protocol):
    """One conversation."""

    def __init__(self, book: IO[str]) -> None:
        self._book = book
        self._buffer = b""
        self._in_text = False
        self._who = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._line = transport
        self._line.write(b"220 witness ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._take_text() if self._in_text else self._take_command():
            pass

    def _take_command(self) -> bool:
        command, end, rest = self._buffer.partition(b"\r\n")
        if not end:
            return False
        self._buffer = rest
        verb, _, words = command.partition(b" ")
        if verb == b"EHLO":
            self._who = words.decode()
        self._in_text = verb == b"DATA"
        self._line.write(REPLIES.get(verb, b"250 2.0.0 Yes\r\n"))
        if verb == b"QUIT":
            self._line.close()
        return True

    def _take_text(self) -> bool:
        text, end, rest = self._buffer.partition(END)
        if not end:
            return False
        self._buffer, self._in_text = rest, False
        found = MESSAGE_ID.search(text)
        self._book.write(f"{time.time():.6f} {self._who} {found[1].decode() if found else '-'}\n")
        self._line.write(b"250 2.0.0 Taken\r\n")
        return True


async def listen(path: Path) -> None:
    with path.open("a", buffering=1, encoding="utf-8") as book:
        server = await asyncio.get_running_loop().create_server(lambda: Witness(book), "0.0.0.0", PORT)
        async with server:
            await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(listen(Path(sys.argv[1])))
