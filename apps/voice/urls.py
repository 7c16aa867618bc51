"""The addresses that phone carriers call: Twilio's under /voice/twilio/, the `others` under /voice/."""

from django.urls import path

from apps.telephony import webhooks as telephony
from apps.telephony.dialects import OTHERS, TWILIO, VONAGE
from apps.voice import answering, webhooks

urlpatterns = [
    path("incoming", answering.incoming(TWILIO), name="twilio-incoming"),
    path("outgoing", webhooks.outgoing, name="twilio-outgoing"),
    path("status", webhooks.status, name="twilio-status"),
    path("amd", webhooks.amd, name="twilio-amd"),
    path("gather", telephony.gather, name="twilio-gather"),
    path("after-dial", webhooks.after_dial, name="twilio-after-dial"),
    path("voicemail", telephony.voicemail, name="twilio-voicemail"),
    path("recording", telephony.recording, name="twilio-recording"),
    path("sms", telephony.sms, name="twilio-sms"),
    path("sms-status", telephony.sms_status, name="twilio-sms-status"),
]

others = [
    path(f"{dialect.name}/{part}", view(dialect), name=f"{dialect.name}-{name}")
    for dialect in OTHERS
    for name, part, view in (
        ("incoming", "answer" if dialect is VONAGE else "incoming", answering.incoming),
        ("after", "after", answering.after),
        ("status", "status", answering.status),
    )
]
