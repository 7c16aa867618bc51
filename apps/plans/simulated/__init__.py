"""A payment provider for when there is no account: Stripe's REST interface, hosted pages and webhooks, on this machine.

It knows nothing of the product. `Till` is the server, `Book` what it keeps; the objects look as Stripe's do in the API
version that the stripe package is made for. https://docs.stripe.com/api
"""
