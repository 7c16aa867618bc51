"""The conversation of a Realtime session: its items, as the wire shows them and as the brain reads them."""

from dataclasses import dataclass
from typing import Any

from msgspec import UNSET

from .realtime_wire import NewCall, NewMessage, NewOutput, Rejected


class Ids:
    """Unique names: the seed and a number."""

    def __init__(self, seed: str) -> None:
        self._seed, self._count = seed, 0

    def new(self, kind: str) -> str:
        self._count += 1
        return f"{kind}_{self._seed}{self._count:06x}"


@dataclass(slots=True)
class Item:
    """`text` is what is written, said, or returned by a tool; None for speech that was not understood."""

    id: str
    kind: str
    role: str = ""
    form: str = ""
    text: str | None = ""
    call: str = ""
    name: str = ""
    arguments: str = ""
    status: str = "completed"
    audio_ms: int = 0
    truncated: bool = False

    def wire(self) -> dict[str, Any]:
        head = {"id": self.id, "object": "realtime.item", "type": self.kind, "status": self.status}
        if self.kind == "function_call":
            return {**head, "name": self.name, "call_id": self.call, "arguments": self.arguments}
        if self.kind == "function_call_output":
            return {**head, "call_id": self.call, "output": self.text}
        return {**head, "role": self.role, "content": [self.part()] if self.form else []}

    def part(self) -> dict[str, Any]:
        """Its content. Speech shows as its transcript, which a truncated item has lost."""
        if self.form.endswith("_audio"):
            return {"type": self.form, "transcript": None if self.truncated else self.text}
        return {"type": self.form, "text": self.text}

    def truncate(self, end_ms: int) -> None:
        """Keep the first `end_ms` of it. What the model remembers of the words is their share of the time."""
        words = (self.text or "").split(" ")
        kept = round(len(words) * end_ms / self.audio_ms) if self.audio_ms else 0
        self.text, self.audio_ms, self.truncated = " ".join(words[:kept]), end_ms, True


class Conversation:
    """Items in order."""

    def __init__(self, ids: Ids) -> None:
        self.id = ids.new("conv")
        self._ids = ids
        self._items: list[Item] = []

    def add(self, item: Item, after: str | None = None) -> str | None:
        """Insert at the end, or `after` an item ("root" = in front). Returns the id of the item before it."""
        if any(known.id == item.id for known in self._items):
            raise Rejected("item_create_duplicate_id", f"An item with the id '{item.id}' exists already.", "item.id")
        if after is None:
            place = len(self._items)
        elif after == "root":
            place = 0
        else:
            place = self._items.index(self.get(after, "item_create_invalid_previous_item_id")) + 1
        self._items.insert(place, item)
        return self._items[place - 1].id if place else None

    def create(self, new: NewMessage | NewCall | NewOutput, after: str | None) -> tuple[Item, str | None]:
        """Add what the client wants added. Raises Rejected."""
        item = self._made(new)
        return item, self.add(item, after)

    def _made(self, new: NewMessage | NewCall | NewOutput) -> Item:
        ident = new.id if new.id is not UNSET else self._ids.new("item")
        if isinstance(new, NewCall):
            call = new.call_id if new.call_id is not UNSET else self._ids.new("call")
            return Item(ident, "function_call", call=call, name=new.name, arguments=new.arguments)
        if isinstance(new, NewOutput):
            if not any(known.kind == "function_call" and known.call == new.call_id for known in self._items):
                message = f"Tool call ID '{new.call_id}' not found in conversation."
                raise Rejected("invalid_tool_call_id", message, "item.call_id")
            return Item(ident, "function_call_output", call=new.call_id, text=new.output)
        return Item(ident, "message", new.role, *_content(new))

    def get(self, ident: str, code: str) -> Item:
        """Raises Rejected with `code`."""
        for item in self._items:
            if item.id == ident:
                return item
        raise Rejected(code, f"The item with id '{ident}' does not exist.", "item_id")

    def delete(self, ident: str) -> None:
        self._items.remove(self.get(ident, "item_delete_invalid_item_id"))

    @property
    def last(self) -> Item | None:
        return self._items[-1] if self._items else None

    @property
    def audio_ms(self) -> int:
        return sum(item.audio_ms for item in self._items)

    def messages(self, instructions: str) -> tuple[dict[str, Any], ...]:
        """As a chat request has them."""
        return ({"role": "system", "content": instructions}, *(m for item in self._items if (m := _message(item))))


def _content(new: NewMessage) -> tuple[str, str | None]:
    """Form and text. Several parts of text are one."""
    allowed = {"user": ("input_text", "input_audio"), "system": ("input_text",)}
    forms = allowed.get(new.role, ("output_text", "output_audio"))
    for n, part in enumerate(new.content):
        if part.type not in forms:
            where = f"item.content[{n}].type"
            listed = ", ".join(f"'{form}'" for form in forms)
            raise Rejected("invalid_value", f"Invalid value: '{part.type}'. Supported values are: {listed}.", where)
        if part.type.endswith("_text") and part.text is UNSET:
            where = f"item.content[{n}].text"
            raise Rejected("missing_required_parameter", f"Missing required parameter: '{where}'.", where)
    texts = [part.text if part.text is not UNSET else part.transcript or "" for part in new.content]
    return new.content[0].type, " ".join(text for text in texts if text)


def _message(item: Item) -> dict[str, Any] | None:
    if item.kind == "function_call":
        function = {"name": item.name, "arguments": item.arguments}
        call = {"id": item.call, "type": "function", "function": function}
        # A call that was cut off is not part of what the model has done.
        return {"role": "assistant", "tool_calls": [call]} if item.status == "completed" else None
    if item.kind == "function_call_output":
        return {"role": "tool", "tool_call_id": item.call, "content": item.text or ""}
    return {"role": item.role, "content": item.text} if item.text else None
