"""The hosted pages: Checkout, the customer's portal, and an invoice. Each says that it is simulated."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from html import escape

from aiohttp import web

from apps.plans.simulated import billing, subscribing
from apps.plans.simulated.book import ApiError, Book, Declined, Document
from apps.plans.simulated.resources import Resources

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_STYLE = """
:root { color-scheme: light dark; --line: light-dark(#d9dce3, #3a3f4b); --soft: light-dark(#f5f6f8, #1d2026); }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; background: var(--soft); }
.banner { padding: .6rem 1rem; background: light-dark(#7a4a00, #ffcf7a); color: light-dark(#fff, #201400);
  text-align: center; }
main { max-width: 30rem; margin: 2rem auto; padding: 1.5rem; background: Canvas; border: 1px solid var(--line);
  border-radius: 12px; }
h1 { font-size: 1.25rem; margin: 0 0 .25rem; } h2 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
.price { font-size: 2rem; font-weight: 600; margin: 0 0 1rem; }
label { display: block; margin: .75rem 0 .25rem; font-weight: 500; }
input, select { width: 100%; font: inherit; padding: .6rem; border: 1px solid var(--line); border-radius: 8px;
  background: Canvas; color: CanvasText; }
button { width: 100%; min-height: 2.75rem; margin-top: 1rem; font: inherit; font-weight: 600; border: 0;
  border-radius: 8px; background: light-dark(#4338ca, #a5b4fc); color: light-dark(#fff, #11132b); cursor: pointer; }
button.plain { background: none; color: inherit; border: 1px solid var(--line); }
:focus-visible { outline: 3px solid light-dark(#4338ca, #a5b4fc); outline-offset: 2px; }
.error { color: light-dark(#b3261e, #ffb4ab); font-weight: 500; }
table { width: 100%; border-collapse: collapse; } td { padding: .4rem 0; border-top: 1px solid var(--line); }
td:last-child { text-align: right; } a { color: inherit; } small { opacity: .75; }
@media (max-width: 34rem) { main { margin: 0; border: 0; border-radius: 0; } }
"""
_CARD = """<label for="card">Card number</label>
<input id="card" name="card" inputmode="numeric" autocomplete="off" required value="4242 4242 4242 4242"
  aria-describedby="cards">
<small id="cards">4242 4242 4242 4242 pays. 4000 0000 0000 0002 is declined. 4000 0000 0000 0341 is taken now and
declined when it is charged.</small>"""


class Pages:
    def __init__(self, book: Book, resources: Resources, changed: Callable[[], None]) -> None:
        self._book = book
        self._resources = resources
        self._changed = changed

    def add_to(self, app: web.Application) -> None:
        for path, show, act in (
            ("/c/{id}", self.checkout, self.subscribe),
            ("/p/{id}", self.portal, self.manage),
            ("/i/{id}", self.invoice, self.settle),
        ):
            app.router.add_get(path, self._guarded(show))
            app.router.add_post(path, self._guarded(act))
        app.router.add_get("/i/{id}/pdf", self._guarded(self.pdf))

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                response = await handler(request)
            except ApiError as error:
                response = _page("Not here", f"<h1>This page does not exist</h1><p>{escape(str(error))}</p>", 404)
            if request.method == "POST":
                self._changed()
            return response

        return guarded

    async def checkout(self, request: web.Request) -> web.Response:
        return self._checkout(self._open_session(request))

    def _checkout(self, session: Document, error: str = "") -> web.Response:
        price = self._book.get(session["_price"], "price")
        product = self._book.objects.get(price["product"], {})
        back = f'<p><a href="{escape(session["cancel_url"])}">Back</a></p>' if session["cancel_url"] else ""
        return _page(
            "Checkout",
            f"<h1>Subscribe to {escape(product.get('name', 'the plan'))}</h1>"
            f'<p class="price">{_money(price["unit_amount"])} <small>per {price["recurring"]["interval"]}</small></p>'
            f'{_problem(error)}<form method="post">{_CARD}<button>Subscribe</button></form>{back}',
            402 if error else 200,
        )

    async def subscribe(self, request: web.Request) -> web.StreamResponse:
        session, book = self._open_session(request), self._book
        customer = book.get(session["customer"], "customer")
        customer["_card"] = _digits((await request.post()).get("card", ""))
        price = book.get(session["_price"], "price")
        try:
            # The card that fails later is good for the first charge.
            started = subscribing.begin(book, customer["id"], price, self._resources.base_url, session["_metadata"])
        except Declined as declined:
            return self._checkout(session, str(declined))
        session |= {"status": "complete", "payment_status": "paid", "subscription": started["id"], "url": None}
        book.emit("checkout.session.completed", session)
        raise web.HTTPSeeOther(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]))

    def _open_session(self, request: web.Request) -> Document:
        session = self._book.get(request.match_info["id"], "checkout.session")
        if session["status"] != "open":
            raise ApiError(404, "This Checkout is over.")
        return session

    async def portal(self, request: web.Request) -> web.Response:
        return self._portal(self._book.get(request.match_info["id"], "billing_portal.session"))

    def _portal(self, session: Document, said: str = "") -> web.Response:
        book = self._book
        customer = book.get(session["customer"], "customer")
        rows = "".join(
            f'<tr><td><a href="/i/{i["id"]}">{escape(i["number"] or "Draft")}</a></td><td>{i["status"]}</td>'
            f"<td>{_money(i['total'])}</td></tr>"
            for i in reversed(list(book.all("invoice", customer=customer["id"])))
        )
        months = "".join(f"<option value={n}>{n} month{'s' * (n > 1)}</option>" for n in (1, 12))
        card = customer.get("_card", "")
        return _page(
            "Billing",
            f"<h1>{escape(customer['name'] or customer['email'] or 'Billing')}</h1>"
            f"<p>Card on file: {'•••• ' + escape(card[-4:]) if card else 'none'}</p>{_problem(said)}"
            f'<form method="post">{_CARD}<button name="act" value="card">Save this card</button></form>'
            f"<h2>Invoices</h2><table>{rows}</table>"
            '<h2>Only here</h2><form method="post"><label for="months">Let time pass at the provider</label>'
            f'<select id="months" name="months">{months}</select>'
            '<button class="plain" name="act" value="wait">Let it pass</button></form>'
            f'<p><a href="{escape(session["return_url"] or "/")}">Back</a></p>',
        )

    async def manage(self, request: web.Request) -> web.Response:
        session = self._book.get(request.match_info["id"], "billing_portal.session")
        form = await request.post()
        book = self._book
        if form.get("act") == "wait":
            months = int(str(form.get("months", "1")))
            self.wait(subscribing.later(book.now, min(12, months)) - book.now)
            return self._portal(session, "Time has passed at the provider.")
        customer = book.get(session["customer"], "customer")
        customer["_card"] = _digits(form.get("card", ""))
        book.emit("customer.updated", customer)
        for invoice in list(book.all("invoice", customer=customer["id"], status="open")):
            subscribing.settle(book, invoice, billing.collect(book, invoice))
        return self._portal(session, "The card is on file.")

    def wait(self, seconds: int) -> None:
        """Time passes at the provider, and what is due meanwhile is done, a day at a time."""
        until = self._book.ahead + seconds
        while self._book.ahead < until:
            self._book.ahead = min(until, self._book.ahead + billing.DAY)
            subscribing.pass_time(self._book, self._resources.base_url)

    async def invoice(self, request: web.Request) -> web.Response:
        return self._invoice(self._book.get(request.match_info["id"], "invoice"))

    def _invoice(self, invoice: Document, error: str = "") -> web.Response:
        rows = "".join(
            f"<tr><td>{escape(item['description'])}</td><td>{_money(item['amount'])}</td></tr>"
            for item in invoice["lines"]["data"]
        )
        at = datetime.fromtimestamp(invoice["created"], UTC)
        pay = '<form method="post"><button>Pay</button></form>' if invoice["status"] == "open" else ""
        return _page(
            f"Invoice {invoice['number']}",
            f"<h1>Invoice {escape(invoice['number'] or '')}</h1><p>{at:%B %-d, %Y}, {invoice['status']}</p>"
            f"{_problem(error)}<table>{rows}<tr><td>Total</td><td><b>{_money(invoice['total'])}</b></td></tr></table>"
            f"{pay}",
        )

    async def settle(self, request: web.Request) -> web.Response:
        invoice = self._book.get(request.match_info["id"], "invoice")
        try:
            billing.pay(self._book, invoice)
        except Declined as declined:
            return self._invoice(invoice, str(declined))
        subscribing.settle(self._book, invoice, True)
        return self._invoice(invoice)

    async def pdf(self, request: web.Request) -> web.Response:
        invoice = self._book.get(request.match_info["id"], "invoice")
        text = f"Simulated invoice {invoice['number']}: {_money(invoice['total'])}, {invoice['status']}"
        return web.Response(body=_pdf(text), content_type="application/pdf")


def _page(title: str, body: str, status: int = 200) -> web.Response:
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    banner = '<p class="banner" style="margin:0">Simulated payment provider: no money moves here.</p>'
    text = (
        f'<!doctype html><html lang="en"><head>{head}<title>{escape(title)} (simulated)</title>'
        f"<style>{_STYLE}</style></head><body>{banner}<main>{body}</main></body></html>"
    )
    return web.Response(text=text, content_type="text/html", status=status)


def _problem(text: str) -> str:
    return f'<p class="error" role="alert">{escape(text)}</p>' if text else ""


def _money(cents: int) -> str:
    return f"{'−' * (cents < 0)}${abs(cents) / 100:,.2f}"


def _digits(value: object) -> str:
    return "".join(character for character in str(value) if character.isdigit())


def _pdf(text: str) -> bytes:
    """A page with one line."""
    stream = f"BT /F1 14 Tf 60 760 Td ({text}) Tj ET".encode("ascii", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body, places = b"%PDF-1.4\n", []
    for number, part in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(body)
    body += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    return body + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
