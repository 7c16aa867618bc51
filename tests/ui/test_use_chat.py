"""`useChat` of the real npm packages, in React, against the real product; each chunk against the package's schema."""

from collections.abc import Callable
from typing import Any

from apps.agents.models import AgentVersion
from apps.conversations.models import Conversation, Turn
from apps.plans.models import Subscription
from apps.tenants.models import WidgetKey
from apps.tenants.scope import tenant_scope

Play = Callable[..., dict[str, Any]]


def provider(widget: WidgetKey, fault: str) -> None:
    with tenant_scope(widget.tenant_id):
        AgentVersion.objects.update(model=f"sandbox+{fault}")


def turns(widget: WidgetKey) -> list[Turn]:
    """Those of the one conversation."""
    with tenant_scope(widget.tenant_id):
        return list(Turn.objects.filter(conversation=Conversation.objects.get()))


def said(widget: WidgetKey) -> list[str]:
    return [turn.role for turn in turns(widget)]


def test_text_grows_and_the_cookie_carries_the_visitor_on(play: Play, widget: WidgetKey) -> None:
    provider(widget, "slow=0.01")
    facts = play("answer")
    assert [turn.text for turn in turns(widget) if turn.role == "visitor"] == [
        "What are your opening hours?",
        "And on Sunday?",
    ]
    assert facts["answer"].endswith(turns(widget)[-1].text)


def test_tools_are_shown_with_what_they_said(play: Play) -> None:
    play("tools")


def test_a_page_left_and_opened_again_has_one_bubble(play: Play, widget: WidgetKey) -> None:
    provider(widget, "endless+slow=0.02")
    facts = play("resume")
    assert said(widget) == ["visitor", "agent"]
    assert facts["answer"] == turns(widget)[-1].text


def test_a_broken_connection_is_taken_up_again(play: Play, widget: WidgetKey) -> None:
    provider(widget, "endless+slow=0.02")
    facts = play("drop")
    assert said(widget) == ["visitor", "agent"]
    assert facts["answer"] == turns(widget)[-1].text


def test_stop_really_stops(play: Play, widget: WidgetKey) -> None:
    provider(widget, "endless+slow=0.02")
    facts = play("stop")
    last = turns(widget)[-1]
    assert (last.run, last.ended) == (facts["run"], "stopped")


def test_a_provider_cut_leaves_no_doubled_text(play: Play, widget: WidgetKey) -> None:
    provider(widget, "cut=6*1")
    assert play("reset")["answer"] == "\n\n".join(
        turn.text for turn in turns(widget) if turn.role == "agent" and turn.text
    )


def test_an_answer_that_fails_says_so_in_words(play: Play, widget: WidgetKey) -> None:
    provider(widget, "500")
    assert play("failure")["alert"].endswith(".")


def test_an_answer_can_be_asked_for_anew(play: Play, widget: WidgetKey) -> None:
    provider(widget, "400*1")
    facts = play("regenerate")
    assert said(widget).count("visitor") == 1
    assert turns(widget)[-1].run == facts["run"]
    assert facts["answer"].endswith(turns(widget)[-1].text)


def test_a_refusal_is_a_sentence(play: Play, widget: WidgetKey) -> None:
    assert play("refused", key="wk_nobody") == {"alert": "There is no widget with this key.", "status": 401}
    with tenant_scope(widget.tenant_id):
        Subscription.objects.all().delete()
    facts = play("refused")
    assert facts["status"] == 402
    assert "{" not in facts["alert"]


def test_a_second_message_waits(play: Play, widget: WidgetKey) -> None:
    provider(widget, "endless+slow=0.02")
    assert play("busy") == {"alert": "The last message is still being answered.", "status": 409}
    assert said(widget).count("visitor") == 1


def test_who_has_said_nothing_has_nothing_to_resume(play: Play) -> None:
    play("newcomer")
