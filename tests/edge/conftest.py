from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from tests.edge import certificates
from tests.edge.proxies import KINDS, Change, Edge, missing, proxy


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
            missing(KINDS[name].program)
            return stack.enter_context(proxy(name, upstream=server, certificates=certificate_files, changes=changes))

        yield start
