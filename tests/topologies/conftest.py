from tests.chat.conftest import widget

__all__ = ["widget"]
