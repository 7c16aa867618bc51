"""What each business took: counted from the ledger, told to who runs the platform and to nobody else."""

import json
from datetime import timedelta
from io import StringIO

from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from apps.conversations.models import Call, Conversation, Purpose, ToolCall, Turn
from apps.operations.tenants.report import Times, report
from apps.plans import usage
from apps.tenants.models import Tenant, User
from apps.tenants.scope import tenant_scope
from tests.conftest import PASSWORD

NOW = timezone.now()


def answered(conversation: Conversation, *first_words: int | None, ended: str = "stop") -> None:
    number = Turn.objects.filter(conversation=conversation).count()
    for n, waited in enumerate(first_words, start=number + 1):
        Turn.objects.create(
            conversation=conversation, number=n, role="agent", text="Hi", ended=ended, first_word_ms=waited
        )


def busy(tenant: Tenant, *, cost: int, **how: str) -> Conversation:
    with tenant_scope(tenant.pk):
        conversation = Conversation.objects.create(agent="front", **how)
        usage.count_answer(
            conversation_id=conversation.pk, input_tokens=90, output_tokens=10, now=NOW, cost=cost, call_seconds=120
        )
    return conversation


def test_one_line_for_each_business_the_dearest_first(clinic: Tenant, other_tenant: Tenant) -> None:
    mine, theirs = busy(clinic, cost=1_500_000), busy(other_tenant, cost=2_500_000)
    with tenant_scope(clinic.pk):
        answered(mine, *[240] * 10, *[900] * 8, 4_000, 40_000)
        answered(mine, None, ended="error")
        ToolCall.objects.create(
            conversation=mine, run="r", key="k", call="1", name="t", arguments="{}", status="failed"
        )
        Call.objects.create(conversation=mine, carrier="twilio", timings={"first_audio": 1_200.5})
        tried = Conversation.objects.create(agent="front", purpose=Purpose.TEST)
        answered(tried, 25_000, ended="error")
    with tenant_scope(other_tenant.pk):
        answered(theirs, 31_000)
    first, second = report(since=NOW - timedelta(days=1))
    assert (first.slug, first.use.dollars, first.failed_answers) == ("harbor", 2.5, 0)
    assert first.first_word == Times(1, None, None)
    assert (second.slug, second.use.dollars, second.use.messages, second.use.tokens) == ("riverside", 1.5, 1, 100)
    assert (second.use.interactions, second.use.call_minutes) == (1, 2.0)
    assert second.first_word == Times(20, 0.25, 5.0)
    assert second.first_sound == Times(1, 1.5, 1.5)
    assert (second.failed_answers, second.failed_tools) == (1, 1)
    assert report(since=NOW + timedelta(days=1)) == []


def test_the_command_prints_it_for_people_and_for_programs(clinic: Tenant) -> None:
    conversation = busy(clinic, cost=1_234_567)
    with tenant_scope(clinic.pk):
        answered(conversation, 700)
    out = StringIO()
    call_command("tenants_report", days=30, stdout=out)
    head, line = out.getvalue().splitlines()
    assert len(head) == len(line)
    assert line.split() == ["riverside", "1", "2.0", "100", "1.23", "<0.75s", "<0.75s", "-", "0"]
    out = StringIO()
    call_command("tenants_report", days=30, json=True, stdout=out)
    told = json.loads(out.getvalue())
    assert (told["slug"], told["use"]["cost"], told["first_word"]["p95"]) == ("riverside", 1_234_567, 0.75)


def test_only_who_runs_the_platform_sees_it(clinic: Tenant, alice: User, charlie: User) -> None:
    busy(clinic, cost=1_000_000)
    User.objects.create_superuser("root@callsphere.example", PASSWORD)
    for email, status in (("alice@riverside.example", 404), ("charlie@nowhere.example", 404)):
        client = Client()
        assert client.login(username=email, password=PASSWORD)
        answer = client.get("/admin/tenants-use/")
        assert answer.status_code in (status, 302, 403), email
        assert b"Riverside Clinic</th>" not in answer.content
    assert Client().get("/admin/tenants-use/").status_code == 302
    root = Client()
    assert root.login(username="root@callsphere.example", password=PASSWORD)
    page = root.get("/admin/tenants-use/", {"days": "30"}).content.decode()
    assert "Riverside Clinic</th>" in page
    assert "$1.00" in page
    assert "/admin/tenants-use/" in root.get("/admin/").content.decode()
    assert root.get("/admin/tenants-use/", {"days": "x"}).status_code == 200
