"""What calls want written is written in order, several things at a time, and none takes another one with it."""

import asyncio
from functools import partial

from asgiref.sync import sync_to_async
from django.db import connection

from apps.business.models import Contact
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.voice.clerk import clerk_of


def _names(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant.pk):
        return list(
            Contact.objects.filter(family_name="Clerk").order_by("given_name").values_list("given_name", flat=True)
        )


def _add(name: str) -> None:
    Contact.objects.create(given_name=name, family_name="Clerk")


async def test_what_came_within_a_moment_is_one_transaction(clinic: Tenant) -> None:
    clerk = clerk_of(clinic.pk)
    seen: list[tuple[str, bool]] = []

    def write(word: str) -> None:
        seen.append((word, connection.in_atomic_block))

    assert clerk_of(clinic.pk) is clerk
    for word in ("one", "two"):
        clerk.put("voc_1", partial(write, word))
    async with asyncio.timeout(20):
        await clerk.write("voc_1", partial(write, "end"))
    assert seen == [("one", True), ("two", True), ("end", True)]


async def test_one_that_cannot_be_written_takes_no_other_with_it(clinic: Tenant) -> None:
    clerk = clerk_of(clinic.pk)

    def fail() -> None:
        raise ValueError

    clerk.put("voc_1", partial(_add, "Ada"))
    clerk.put("voc_2", fail)
    async with asyncio.timeout(20):
        await clerk.write("voc_1", partial(_add, "Bob"))
    assert await sync_to_async(_names)(clinic) == ["Ada", "Bob"]


async def test_it_is_written_though_nobody_waits(clinic: Tenant) -> None:
    clerk_of(clinic.pk).put("voc_1", partial(_add, "Ada"))
    async with asyncio.timeout(20):
        while True:
            if await sync_to_async(_names)(clinic) == ["Ada"]:
                return
            await asyncio.sleep(0.02)
