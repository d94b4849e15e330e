"""What an answered leg needs at the least: somebody who takes it and listens until it ends."""

from __future__ import annotations

import asyncio
import sys


async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take one leg. The called side hangs up, then the switch closes the connection."""
    try:
        while await reader.read(65536):
            pass
    except ConnectionError:
        pass
    writer.close()


async def main(host: str, port: str) -> None:
    """Listen for the switch until ended."""
    server = await asyncio.start_server(listen, host, int(port), backlog=1000)
    print("Waiting for legs", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
