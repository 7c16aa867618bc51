"""The addresses that the phone carrier calls, under /voice/twilio/."""

from django.urls import path

from apps.telephony import webhooks as telephony
from apps.voice import webhooks

urlpatterns = [
    path("incoming", webhooks.incoming, name="twilio-incoming"),
    path("outgoing", webhooks.outgoing, name="twilio-outgoing"),
    path("status", webhooks.status, name="twilio-status"),
    path("amd", webhooks.amd, name="twilio-amd"),
    path("gather", telephony.gather, name="twilio-gather"),
    path("after-dial", telephony.after_dial, name="twilio-after-dial"),
    path("voicemail", telephony.voicemail, name="twilio-voicemail"),
    path("recording", telephony.recording, name="twilio-recording"),
    path("sms", telephony.sms, name="twilio-sms"),
    path("sms-status", telephony.sms_status, name="twilio-sms-status"),
]
