"""A body that is too long is refused before it fills memory or the disk."""

import http.client
from urllib.parse import urlsplit

import pytest

from apps.common.bodies import MOST, MOST_UPLOADED


def posted(server: str, path: str, *, length: int = 0, chunks: int = 0, size: int = 65_536) -> int:
    """The status of a POST that says `length`, or sends so many chunks without saying how many they will be."""
    to = urlsplit(server)
    connection = http.client.HTTPConnection(to.hostname or "", to.port or 0, timeout=60)
    connection.putrequest("POST", path)
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    if length:
        connection.putheader("Content-Length", str(length))
    else:
        connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    try:
        for _ in range(chunks):
            connection.send(b"%x\r\n" % size + b"a" * size + b"\r\n")
        if chunks:
            connection.send(b"0\r\n\r\n")
    except OSError:
        pass  # the server has hung up on us, with its answer sent
    return connection.getresponse().status


@pytest.mark.parametrize(("path", "most"), [("/signup/", MOST), ("/admin/agents/", MOST_UPLOADED)])
def test_one_that_says_so_is_not_read(server: str, transactional_db: None, path: str, most: int) -> None:
    assert posted(server, path, length=most + 1) == 413


def test_one_that_does_not_say_is_read_up_to_the_limit(server: str, transactional_db: None) -> None:
    over = MOST // 65_536 + 1
    assert posted(server, "/account/login/", chunks=over) == 413
    assert posted(server, "/account/login/", chunks=2) in (400, 403)  # no form at all, and without a token
