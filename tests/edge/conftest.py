import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from tests.edge import certificates
from tests.edge.proxies import KINDS, Change, Edge, proxy


class Front(Protocol):
    """Puts a proxy in front of the product for the rest of the test."""

    def __call__(self, name: str, *changes: Change) -> Edge: ...


@pytest.fixture(scope="session")
def certificate_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The proxies' certificate, which this process trusts."""
    folder = tmp_path_factory.mktemp("certificates")
    certificates.write(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(folder / "fullchain.pem"))
        yield folder


@pytest.fixture
def front(server: str, certificate_files: Path) -> Iterator[Front]:
    with ExitStack() as stack:

        def start(name: str, *changes: Change) -> Edge:
            program = KINDS[name].program
            if not shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin"):
                reason = f"{program} is not installed (apt-get install nginx-light caddy haproxy apache2)"
                pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
            return stack.enter_context(proxy(name, upstream=server, certificates=certificate_files, changes=changes))

        yield start
