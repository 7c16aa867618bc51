"""The pages of calls: what was heard and what was not, the times, the cost, and the recording; one's own only."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.common.ranges import span
from apps.conversations import calls, turns
from apps.conversations.models import Call, ToolCall
from apps.plans import usage
from apps.tenants.models import Tenant, User
from apps.tenants.scope import tenant_scope
from apps.voice.admin.waterfall import waterfall
from apps.voice.models import CallFile, CallPolicy
from tests.admin.conftest import World
from tests.conftest import PASSWORD

SOUND = bytes(range(256)) * 4_000
TIMINGS = {
    "model_ready": 400.0,
    "first_audio": 900.0,
    "answers_at": [[12.3, 640], [75.0, 1_200]],
    "interruptions": 1,
    "clear_max": 0.3,
}


def make_call(tenant: Tenant, *, agent: str, word: str, recorded: bool = True) -> Call:
    """An ended call in which the agent was interrupted."""
    begun = timezone.now() - timedelta(minutes=5)
    with tenant_scope(tenant.pk):
        call = calls.begin(
            agent=agent,
            channel="phone",
            carrier="twilio",
            carrier_call=f"CA-{word}",
            caller="+12125550199",
            number="+12125550100",
            now=begun,
        )
        conversation = call.conversation
        for second, role, text, unheard in (
            (1, "agent", f"{word} greets", ""),
            (5, "visitor", f"{word} <b>asks</b>", ""),
            (9, "agent", "We are open", f"{word} from nine to five"),
        ):
            turns.add_spoken_turn(
                conversation=conversation,
                run=call.pk,
                role=role,
                text=text,
                unheard=unheard,
                agent=agent if role == "agent" else "",
                agent_version=1 if role == "agent" else None,
                ended="interrupted" if unheard else "",
                now=begun + timedelta(seconds=second),
            )
        ToolCall.objects.create(
            conversation=conversation,
            run=call.pk,
            key="k1",
            call="c1",
            name="get_office_hours",
            arguments="{}",
            status=ToolCall.Status.DONE,
            started_at=begun + timedelta(seconds=7),
            duration_ms=220,
        )
        calls.end(
            call_id=call.pk,
            reason="caller_left",
            now=begun + timedelta(seconds=83),
            usage={"input_tokens": 5_000, "output_tokens": 700, "output_audio_tokens": 500},
            timings=TIMINGS,
        )
        usage.count_answer(
            conversation_id=conversation.pk,
            input_tokens=5_000,
            output_tokens=700,
            call_seconds=83,
            cost=61_234,
            now=begun,
            who=usage.Who(agent),
        )
        if recorded:
            name = default_storage.save(f"calls/{tenant.pk}/{call.pk}.wav", ContentFile(SOUND))
            CallFile.objects.create(
                call=call,
                kind=CallFile.Kind.RECORDING,
                name=name,
                size=len(SOUND),
                seconds=83,
                delete_at=begun + timedelta(days=90),
            )
    return call


@pytest.fixture
def call(mine: World, tmp_path: Path, settings: Any) -> Call:
    settings.MEDIA_ROOT = tmp_path
    return make_call(mine.tenant, agent=mine.agent.slug, word="Larkspur")


def shown(client: Client, call: Call) -> str:
    response = client.get(reverse("admin:conversations_call_change", args=[call.pk]))
    assert response.status_code == 200
    return response.content.decode()


def test_the_list_says_who_called_how_it_ended_and_what_it_cost(owner: Client, call: Call) -> None:
    page = owner.get(reverse("admin:conversations_call_changelist")).content.decode()
    for text in ("(212) 555-0199", "1:23", "The caller hung up", "$0.061", "Grace"):
        assert text in page, text


def test_a_call_tells_heard_words_from_unheard_ones(owner: Client, call: Call) -> None:
    page = shown(owner, call)
    assert "We are open <del" in page
    assert "Larkspur from nine to five</del>" in page
    assert "&lt;b&gt;asks&lt;/b&gt;" in page
    assert "<b>asks" not in page
    assert page.index("asks") < page.index("<code>get_office_hours</code>")


def test_a_call_shows_where_its_time_went_and_what_it_took(owner: Client, call: Call) -> None:
    page = shown(owner, call)
    texts = ("Model ready", "Answer at 0:12", "Answer at 1:15", "1,200 ms", "interrupted 1 time", "5,000", "$0.061")
    for text in texts:
        assert text in page, text


def test_the_transcript_of_a_call_shows_its_tools_too(owner: Client, call: Call) -> None:
    page = owner.get(reverse("admin:conversations_conversation_change", args=[call.conversation_id])).content.decode()
    assert "get_office_hours" in page
    assert "220 ms" in page
    assert "Not heard" in page


def test_an_ended_call_is_nobodys_to_change(owner: Client, call: Call) -> None:
    for view in ("change", "delete", "recording"):
        address = reverse(f"admin:conversations_call_{view}", args=[call.pk])
        assert owner.post(address, {"post": "yes"}).status_code == 403
    assert owner.get(reverse("admin:conversations_call_add")).status_code == 403


def test_another_business_sees_neither_call_nor_recording(
    mine: World, theirs: World, call: Call, bob: User, login: Callable[[User], Client]
) -> None:
    rival = login(bob)
    assert "Larkspur" not in rival.get(reverse("admin:conversations_call_changelist")).content.decode()
    for view in ("change", "recording"):
        assert rival.get(reverse(f"admin:conversations_call_{view}", args=[call.pk])).status_code == 404
    assert Client().get(reverse("admin:conversations_call_recording", args=[call.pk])).status_code == 302


def test_a_call_without_a_recording_has_no_player(owner: Client, mine: World) -> None:
    call = make_call(mine.tenant, agent=mine.agent.slug, word="Quiet", recorded=False)
    assert "<audio" not in shown(owner, call)
    assert owner.get(reverse("admin:conversations_call_recording", args=[call.pk])).status_code == 404


def test_a_recording_that_is_gone_from_the_storage_is_not_there(owner: Client, call: Call) -> None:
    with tenant_scope(call.tenant_id):
        default_storage.delete(CallFile.objects.get().name)
    assert owner.get(reverse("admin:conversations_call_recording", args=[call.pk])).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_player_may_ask_for_any_part(server: str, mine: World, tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    call = make_call(mine.tenant, agent=mine.agent.slug, word="Larkspur")
    client = Client()
    assert client.login(username="alice@riverside.example", password=PASSWORD)
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    address = f"{server}{reverse('admin:conversations_call_recording', args=[call.pk])}"
    with httpx.Client(cookies=cookies) as http:
        whole = http.get(address)
        assert (whole.status_code, whole.content, whole.headers["accept-ranges"]) == (200, SOUND, "bytes")
        assert whole.headers["content-type"] == "audio/wav"
        assert "no-store" in whole.headers["cache-control"]
        for header, first, last in (
            ("bytes=0-", 0, len(SOUND) - 1),
            ("bytes=300000-600000", 300_000, 600_000),
            ("bytes=-10", len(SOUND) - 10, len(SOUND) - 1),
        ):
            part = http.get(address, headers={"Range": header})
            assert (part.status_code, part.content) == (206, SOUND[first : last + 1])
            assert part.headers["content-range"] == f"bytes {first}-{last}/{len(SOUND)}"
        beyond = http.get(address, headers={"Range": f"bytes={len(SOUND)}-"})
        assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(SOUND)}")


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("", (0, 99)),
        ("bytes=5-9", (5, 9)),
        ("bytes=5-", (5, 99)),
        ("bytes=5-500", (5, 99)),
        ("bytes=-500", (0, 99)),
        ("bytes=100-", None),
        ("bytes=-0", None),
        ("bytes=9-5", (0, 99)),
        ("bytes=1-2,4-5", (0, 99)),
        ("lines=1-2", (0, 99)),
        ("bytes=-", (0, 99)),
    ],
)
def test_ranges(header: str, found: tuple[int, int] | None) -> None:
    assert span(header, 100) == found


def test_the_waterfall_is_drawn_on_one_scale() -> None:
    bars = waterfall(TIMINGS, [{"name": "get_office_hours", "duration_ms": 600}, {"name": "x", "duration_ms": None}])
    assert [(bar.kind, bar.name, bar.ms) for bar in bars] == [
        ("setup", "Model ready", 400),
        ("setup", "First sound", 500),
        ("answer", "Answer at 0:12", 640),
        ("answer", "Answer at 1:15", 1_200),
        ("tool", "get_office_hours", 600),
    ]
    assert [(bar.left, bar.width) for bar in bars][1] == (33.33, 41.67)
    assert max(bar.left + bar.width for bar in bars) == 100
    assert waterfall({}, []) == []


def test_recording_is_set_up_once_and_only_with_a_consent_line(owner: Client, mine: World) -> None:
    add = reverse("admin:voice_callpolicy_add")
    assert owner.get(reverse("admin:voice_callpolicy_changelist")).url == add  # type: ignore[attr-defined]
    form = {"records": "on", "consent": " ", "keep_days": "30"}
    assert "only with a consent line" in owner.post(add, form).content.decode()
    assert owner.post(add, form | {"consent": "This call is recorded."}).status_code == 302
    with tenant_scope(mine.tenant.pk):
        policy = CallPolicy.objects.get()
    assert (policy.records, policy.consent, policy.keep_days) == (True, "This call is recorded.", 30)
    change = reverse("admin:voice_callpolicy_change", args=[policy.pk])
    assert owner.get(reverse("admin:voice_callpolicy_changelist")).url == change  # type: ignore[attr-defined]
    assert owner.get(add).status_code == 403


def test_what_is_kept_is_the_owners_to_say(manager: Client, staff_member: Client, mine: World) -> None:
    with tenant_scope(mine.tenant.pk):
        policy = CallPolicy.objects.create()
    change = reverse("admin:voice_callpolicy_change", args=[policy.pk])
    assert manager.get(change).status_code == 200
    assert manager.post(change, {"records": "on", "consent": "Recorded.", "keep_days": "9"}).status_code == 403
    assert staff_member.get(change).status_code == 403
