"""A carrier for when there is no account: Twilio's REST interface, webhooks, TwiML and media streams, on this machine.

`Exchange` is the carrier, a `Call` is one of its calls, a `Caller` is who holds the phone.
"""
