"""`manage.py sandbox`: the offline model provider alone, on a port of its own."""

import asyncio
import contextlib
import os
import socket
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import uvicorn
from django.core.management.base import BaseCommand, CommandError

from apps.sandbox.server import build_app


class Command(BaseCommand):
    help = "Serve the offline stand-in for the model provider (Chat Completions and Realtime)."
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=9911, help="0 takes any free port")
        parser.add_argument("--pace", type=float, default=25.0, help="words per second; 0 for no pause")
        parser.add_argument("--port-file", type=Path, help="written with host:port once connections are accepted")
        parser.add_argument("--with-parent", action="store_true", help="stop when the parent process is gone")

    def handle(self, *args: Any, **options: Any) -> None:
        host = options["host"]
        try:
            listener = _listen(host, options["port"])
        except OSError as refused:
            raise CommandError(f"Cannot listen on {host}:{options['port']}: {refused.strerror}") from refused
        address = f"{host}:{listener.getsockname()[1]}"
        config = uvicorn.Config(
            build_app(pace=options["pace"]), lifespan="off", log_level="warning", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        self.stdout.write(f"The sandbox model answers on http://{address}/v1")
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_serve(server, listener, address, options["port_file"], options["with_parent"]))


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(128)
    listener.setblocking(False)
    return listener


async def _serve(
    server: uvicorn.Server, listener: socket.socket, address: str, port_file: Path | None, with_parent: bool
) -> None:
    parent = os.getppid()
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    # The socket listens already: a connection made from here on waits in its queue until it is served.
    if port_file:
        part = port_file.with_name(f"{port_file.name}.part")
        part.write_text(address)
        part.replace(port_file)
    while not serving.done():
        if with_parent and os.getppid() != parent:
            server.should_exit = True
        await asyncio.wait([serving], timeout=0.5)
    await serving
