"""A mail server far away: every reply is held back for a while, and nothing else is changed.

``python -m benchmarks.slow_proxy PORT MILLISECONDS`` listens on a free port, says which, and passes on to ``PORT``.
Replies that travel together are late together, as on a long line; a client that waits for each pays for each.
"""

import asyncio
import sys


async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while octets := await reader.read(65536):
        writer.write(octets)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


async def downstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, seconds: float) -> None:
    clock = asyncio.get_running_loop().time
    held: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def let_go() -> None:
        while True:
            due, octets = await held.get()
            await asyncio.sleep(due - clock())
            if not octets:
                writer.close()
                return
            writer.write(octets)

    going = asyncio.create_task(let_go())
    while octets := await reader.read(65536):
        held.put_nowait((clock() + seconds, octets))
    held.put_nowait((clock() + seconds, b""))
    await going


async def serve(port: int, *, seconds: float) -> None:
    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(
            upstream(reader, server_writer), downstream(server_reader, writer, seconds=seconds), return_exceptions=True
        )
        server_writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), seconds=float(sys.argv[2]) / 1000))
