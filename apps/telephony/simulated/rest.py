"""The part of Twilio's REST interface that we use, with its errors. https://www.twilio.com/docs/usage/api"""

import base64
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from aiohttp import web

from apps.telephony.simulated.call import Call
from apps.telephony.simulated.line import Person
from apps.telephony.simulated.verbs import Document

if TYPE_CHECKING:
    from apps.telephony.simulated.exchange import Exchange

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
ROOT = "/2010-04-01/Accounts/{account}"


def application(exchange: "Exchange") -> web.Application:
    """The server's routes; all of them want the account's login."""

    @web.middleware
    async def login(request: web.Request, handler: Handler) -> web.StreamResponse:
        account = exchange.account
        expected = base64.b64encode(f"{account.sid}:{account.token}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {expected}":
            return _error(401, 20003, "Authenticate")
        if request.match_info.get("account", account.sid) != account.sid:
            return _error(404, 20404, "The requested resource was not found")
        return await handler(request)

    rest = _Rest(exchange)
    app = web.Application(middlewares=[login])
    app.router.add_post(f"{ROOT}/Calls.json", rest.create_call)
    app.router.add_get(f"{ROOT}/Calls.json", rest.list_calls)
    app.router.add_post(f"{ROOT}/Calls/{{sid}}.json", rest.update_call)
    app.router.add_get(f"{ROOT}/Calls/{{sid}}.json", rest.show_call)
    app.router.add_post(f"{ROOT}/Messages.json", rest.create_message)
    app.router.add_get(f"{ROOT}/IncomingPhoneNumbers.json", rest.list_numbers)
    app.router.add_post(f"{ROOT}/IncomingPhoneNumbers/{{sid}}.json", rest.update_number)
    app.router.add_get(f"{ROOT}/Recordings/{{sid}}.wav", rest.play)
    app.router.add_delete(f"{ROOT}/Recordings/{{sid}}.json", rest.forget)
    return app


class _Rest:
    def __init__(self, exchange: "Exchange") -> None:
        self._exchange = exchange

    async def create_call(self, request: web.Request) -> web.Response:
        form = await request.post()
        to, from_ = str(form.get("To", "")), str(form.get("From", ""))
        if not E164.fullmatch(to):
            return _error(400, 21211, f"Invalid 'To' Phone Number: {to}")
        if not E164.fullmatch(from_):
            return _error(400, 21212, f"Invalid 'From' Number: {from_}")
        if not (form.get("Url") or form.get("Twiml")):
            return _error(400, 21205, "Url parameter is required.")
        exchange = self._exchange
        person = exchange.people.get(to, Person())
        call = Call(exchange, from_=from_, to=to, person=person, direction="outbound-api")
        call.status_callback = str(form.get("StatusCallback", ""))
        call.status_events = frozenset(map(str, form.getall("StatusCallbackEvent", ["completed"])))
        call.detection = str(form.get("AsyncAmdStatusCallback", "")) if form.get("MachineDetection") else ""
        call.after_beep = form.get("MachineDetection") == "DetectMessageEnd"
        call.ring_seconds = float(str(form.get("Timeout", "60")))
        exchange.begin(call, _first(form))
        return web.json_response(call.resource() | {"duration": None}, status=201)

    async def update_call(self, request: web.Request) -> web.Response:
        call = self._exchange.calls.get(request.match_info["sid"])
        if call is None:
            return _missing()
        form = await request.post()
        if str(form.get("Status", "")) in ("completed", "canceled"):
            done = call.replace(None)
        else:
            done = call.replace(_first(form))
        if not done:
            return _error(400, 21220, "Call is not in-progress. Cannot redirect.")
        return web.json_response(call.resource())

    async def list_calls(self, request: web.Request) -> web.Response:
        to, from_ = (request.query.get(name, "") for name in ("To", "From"))
        calls = [call for call in self._exchange.calls.values() if to in ("", call.to) and from_ in ("", call.from_)]
        newest = sorted(calls, key=lambda call: call.created_at, reverse=True)
        page = newest[: int(request.query.get("PageSize", "50"))]
        return web.json_response({"calls": [call.resource() for call in page], "page": 0})

    async def show_call(self, request: web.Request) -> web.Response:
        call = self._exchange.calls.get(request.match_info["sid"])
        return _missing() if call is None else web.json_response(call.resource())

    async def create_message(self, request: web.Request) -> web.Response:
        form = await request.post()
        to, from_, body = (str(form.get(name, "")) for name in ("To", "From", "Body"))
        if not E164.fullmatch(to):
            return _error(400, 21211, f"Invalid 'To' Phone Number: {to}")
        if not body:
            return _error(400, 21602, "Message body is required.")
        if len(body) > 1600:
            return _error(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
        if to in self._exchange.stopped:
            return _error(400, 21610, "Attempt to send to unsubscribed recipient")
        message = self._exchange.deliver(from_=from_, to=to, body=body, callback=str(form.get("StatusCallback", "")))
        created = format_datetime(datetime.now(UTC))
        return web.json_response({**message, "date_created": created, "direction": "outbound-api"}, status=201)

    async def list_numbers(self, request: web.Request) -> web.Response:
        wanted = request.query.get("PhoneNumber", "")
        found = [line for number, line in self._exchange.lines.items() if wanted in ("", number)]
        return web.json_response({"incoming_phone_numbers": found, "page": 0})

    async def update_number(self, request: web.Request) -> web.Response:
        form = await request.post()
        for line in self._exchange.lines.values():
            if line["sid"] == request.match_info["sid"]:
                names = {"VoiceUrl": "voice_url", "SmsUrl": "sms_url", "StatusCallback": "status_callback"}
                line.update({names[name]: str(value) for name, value in form.items() if name in names})
                return web.json_response(line)
        return _missing()

    async def play(self, request: web.Request) -> web.Response:
        sound = self._exchange.recordings.get(request.match_info["sid"])
        return _missing() if sound is None else web.Response(body=sound, content_type="audio/x-wav")

    async def forget(self, request: web.Request) -> web.Response:
        sound = self._exchange.recordings.pop(request.match_info["sid"], None)
        return _missing() if sound is None else web.Response(status=204)


def _first(form: Mapping[str, Any]) -> Document | str:
    twiml = form.get("Twiml")
    return Document("", str(twiml)) if twiml else str(form.get("Url", ""))


def _missing() -> web.Response:
    return _error(404, 20404, "The requested resource was not found")


def _error(status: int, code: int, message: str) -> web.Response:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return web.json_response({"code": code, "message": message, "more_info": more, "status": status}, status=status)
