"""The carriers that may call us."""

from apps.telephony.dialects.dialect import Dialect
from apps.telephony.dialects.plivo import Plivo
from apps.telephony.dialects.telnyx import Telnyx
from apps.telephony.dialects.twilio import Twilio
from apps.telephony.dialects.vonage import Vonage

TWILIO: Dialect = Twilio()
TELNYX: Dialect = Telnyx()
PLIVO: Dialect = Plivo()
VONAGE: Dialect = Vonage()
OTHERS = (TELNYX, PLIVO, VONAGE)
"""Beside Twilio, from whom there is more than calls that come in."""
