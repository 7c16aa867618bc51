"""A POST with an Idempotency-Key is done once."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from apps.business.models import Contact
from apps.tenants.models import KeptAnswer, Tenant
from apps.tenants.rest.idempotency import KEPT, forget_old
from apps.tenants.scope import tenant_scope
from tests.api.conftest import Program, program

pytestmark = pytest.mark.django_db(transaction=True)
ADA = {"given_name": "Ada"}


def test_the_same_again_gets_the_same_answer(crm: Program, clinic: Tenant) -> None:
    first, second = (crm.post("contacts", ADA, Idempotency_Key="k1") for _ in range(2))
    assert second.status_code == first.status_code == 201
    assert second.json() == first.json()
    assert second["Location"] == first["Location"]
    assert second["ETag"] == first["ETag"]
    assert (first.get("Idempotency-Replayed"), second["Idempotency-Replayed"]) == (None, "true")
    assert crm.post("contacts", ADA, Idempotency_Key="k2").json()["id"] != first.json()["id"]
    with tenant_scope(clinic.pk):
        assert Contact.objects.count() == 2
        assert "Ada" not in "".join(KeptAnswer.objects.values_list("answer", flat=True))


def test_the_same_key_for_something_else_is_refused(crm: Program, clinic: Tenant) -> None:
    crm.post("contacts", ADA, Idempotency_Key="k")
    for answer in (
        crm.post("contacts", {"given_name": "Bea"}, Idempotency_Key="k"),
        crm.post("webhooks", {}, Idempotency_Key="k"),
    ):
        assert answer.status_code == 409
        assert answer.json()["error"]["code"] == "idempotency_key_reused"


def test_what_was_refused_did_nothing_and_may_be_tried_again(crm: Program, clinic: Tenant) -> None:
    assert crm.post("contacts", {"given_name": ""}, Idempotency_Key="k").status_code == 422
    assert crm.post("contacts", ADA, Idempotency_Key="k").status_code == 201


def test_keys_belong_to_who_sends_them(crm: Program, rival: Program, clinic: Tenant) -> None:
    colleague = program(clinic)
    made = {each.post("contacts", ADA, Idempotency_Key="k").json()["id"] for each in (crm, colleague, rival)}
    assert len(made) == 3


@pytest.mark.parametrize("key", ["", "x" * 256, "é"])
def test_bad_keys(crm: Program, key: str) -> None:
    answer = crm.post("contacts", ADA, Idempotency_Key=key)
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == "Idempotency-Key"


def test_twins_at_the_same_moment_make_one(crm: Program, clinic: Tenant) -> None:
    barrier, answers = threading.Barrier(6), []

    def send() -> None:
        barrier.wait()
        try:
            answers.append(crm.post("contacts", ADA, Idempotency_Key="k"))
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201] * 6
    assert len({answer.json()["id"] for answer in answers}) == 1
    with tenant_scope(clinic.pk):
        assert Contact.objects.count() == 1


def test_after_a_day_a_key_is_a_new_one(crm: Program, clinic: Tenant) -> None:
    first = crm.post("contacts", ADA, Idempotency_Key="k").json()
    with time_machine.travel(timezone.now() + KEPT + timedelta(minutes=1)):
        assert crm.post("contacts", ADA, Idempotency_Key="k").json()["id"] != first["id"]
        assert forget_old(timezone.now() - timedelta(minutes=2)) == 0
    assert forget_old(timezone.now() + 3 * KEPT) == 1
