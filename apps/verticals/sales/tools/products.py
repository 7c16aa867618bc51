"""What is sold, and who sells it: the tools that answer questions."""

from typing import Annotated, Any

from apps.agents.sdk import ToolContext, ToolRefused, ToolResult, tool
from apps.business.calendar import is_open, office_hours
from apps.business.contacts import readable_phone
from apps.business.core.wording import listed, spoken_money, spoken_week
from apps.tenants.models import Tenant
from apps.verticals.sales.core.matching import meant
from apps.verticals.sales.models import Product
from apps.verticals.sales.tools.arguments import Topic


@tool(label="Looking at our products")
def get_products(ctx: ToolContext) -> ToolResult:
    """Lists all products and plans that we sell or offer, with their prices.

    Use it for questions about what there is and what it costs in general. Returns product_name, summary, price,
    good_for of each.
    """
    products = list(Product.objects.filter(is_offered=True))
    if not products:
        return ToolResult("There is nothing that I can offer at the moment.", {"products": []})
    said = listed([f"{product.name} {_price(product)}" for product in products])
    return ToolResult(f"We offer {said}.", {"products": [_data(product) for product in products]})


@tool(label="Looking up the product")
def get_product_info(
    ctx: ToolContext, *, product_name: Annotated[Topic, "name of the product or plan, in the visitor's own words"]
) -> ToolResult:
    """Tells about one product or plan by name: what it does, what it costs, for whom it is good.

    Use it when the visitor names one. Returns product_name, summary, details, price, good_for.
    """
    products = {product.pk: product for product in Product.objects.filter(is_offered=True)}
    names = {pk: (product.name, *product.also_called.split(",")) for pk, product in products.items()}
    found = [products[pk] for pk in meant(product_name, names)]
    if len(found) > 1:
        raise ToolRefused(
            "which_product",
            f"Do you mean {listed([product.name for product in found], word='or')}?",
            field="product_name",
            data={"products": [_data(product) for product in found]},
        )
    if not found:
        offered = listed([product.name for product in products.values()])
        raise ToolRefused(
            "product_not_found",
            f"We have no product of that name. We have {offered}." if offered else "We have no product of that name.",
            field="product_name",
        )
    product = found[0]
    good_for = f" It is good for {product.good_for}." if product.good_for else ""
    return ToolResult(
        f"{product.name}: {product.summary} It is {_price(product)}.{good_for}",
        _data(product) | {"details": product.details},
    )


@tool(label="Looking up our company")
def get_company_info(ctx: ToolContext) -> ToolResult:
    """Tells who we are: the company, its address, phone number and office hours, and whether we are open now.

    Use it for questions about the company, opening hours, location or how to reach us. Returns name, address, phone,
    hours.
    """
    tenant = Tenant.objects.get()
    spans = [[(opening.opens, opening.closes) for opening in day.openings] for day in office_hours()]
    hours, phone = spoken_week(spans), readable_phone(tenant.phone, tenant.region)
    about = f"{tenant.name}{f' is at {tenant.address}' if tenant.address else ' has no address on file'}."
    when = f" We are in the office {hours}." if hours else ""
    state = " We are open now." if is_open(now=ctx.now) else ""
    reach = f" Our number is {phone}." if phone else ""
    return ToolResult(
        f"{about}{when}{state}{reach}",
        {"name": tenant.name, "about": tenant.tagline, "address": tenant.address, "phone": phone, "hours": hours},
    )


def _price(product: Product) -> str:
    """Such as "for $29 per user and month", or "at a price on request"."""
    if product.price_cents is None:
        return "at a price on request"
    return f"for {spoken_money(product.price_cents)}{f' per {product.per}' if product.per else ''}"


def _data(product: Product) -> dict[str, Any]:
    return {
        "product_name": product.name,
        "summary": product.summary,
        "price": None if product.price_cents is None else spoken_money(product.price_cents),
        "per": product.per,
        "good_for": product.good_for,
    }
