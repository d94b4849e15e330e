"""What a hangup cause of the switch means for an attempt. One table, no state.

Causes are those of FreeSWITCH 1.10 (``CAUSE_CHART`` in ``switch_channel.c``),
most of them ITU-T Q.850's. Which SIP reply becomes which cause was seen on a
real switch: 480 comes as NO_USER_RESPONSE, 503 as NORMAL_TEMPORARY_FAILURE.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dutycenter.vocabulary import Disposition

_CAUSE = re.compile(r"[A-Z][A-Z0-9_]{1,62}", re.ASCII)


@dataclass(frozen=True)
class Meaning:
    """What a cause says of a leg that was not answered."""

    disposition: Disposition
    number_dead: bool = False  # calling this number again is of no use
    gateway_fault: bool = False  # not the number: our trunk or what lies behind it


_BUSY = Meaning(Disposition.BUSY)
_NO_ANSWER = Meaning(Disposition.NO_ANSWER)
_REJECTED = Meaning(Disposition.REJECTED)
_OFF = Meaning(Disposition.SWITCHED_OFF)
_DEAD = Meaning(Disposition.NO_SUCH_NUMBER, number_dead=True)
_CONGESTION = Meaning(Disposition.CONGESTION, gateway_fault=True)
_DOWN = Meaning(Disposition.GATEWAY_DOWN, gateway_fault=True)
_FAILED = Meaning(Disposition.FAILED)
_OURS = Meaning(Disposition.DROPPED)

CAUSES: dict[str, Meaning] = {
    "NONE": _FAILED,
    "UNALLOCATED_NUMBER": _DEAD,
    "NO_ROUTE_TRANSIT_NET": _FAILED,
    "NO_ROUTE_DESTINATION": _FAILED,  # the gateway has no way there; another may
    "CHANNEL_UNACCEPTABLE": _FAILED,
    "CALL_AWARDED_DELIVERED": _FAILED,
    "NORMAL_CLEARING": _NO_ANSWER,  # unanswered, the far side ended it without saying more
    "USER_BUSY": _BUSY,
    "NO_USER_RESPONSE": _OFF,  # SIP 480, 408: the telephone is off or out of coverage
    "NO_ANSWER": _NO_ANSWER,
    "SUBSCRIBER_ABSENT": _OFF,
    "CALL_REJECTED": _REJECTED,
    "NUMBER_CHANGED": _DEAD,
    "REDIRECTION_TO_NEW_DESTINATION": _FAILED,
    "EXCHANGE_ROUTING_ERROR": _FAILED,
    "DESTINATION_OUT_OF_ORDER": _OFF,
    "INVALID_NUMBER_FORMAT": _DEAD,
    "FACILITY_REJECTED": _FAILED,
    "RESPONSE_TO_STATUS_ENQUIRY": _FAILED,
    "NORMAL_UNSPECIFIED": _FAILED,
    "NORMAL_CIRCUIT_CONGESTION": _CONGESTION,
    "NETWORK_OUT_OF_ORDER": _DOWN,
    "NORMAL_TEMPORARY_FAILURE": _CONGESTION,  # SIP 503
    "SWITCH_CONGESTION": _CONGESTION,
    "ACCESS_INFO_DISCARDED": _FAILED,
    "REQUESTED_CHAN_UNAVAIL": _CONGESTION,
    "PRE_EMPTED": _FAILED,
    "FACILITY_NOT_SUBSCRIBED": _FAILED,
    "OUTGOING_CALL_BARRED": _FAILED,
    "INCOMING_CALL_BARRED": _REJECTED,
    "BEARERCAPABILITY_NOTAUTH": _FAILED,
    "BEARERCAPABILITY_NOTAVAIL": _FAILED,
    "SERVICE_UNAVAILABLE": _CONGESTION,
    "BEARERCAPABILITY_NOTIMPL": _FAILED,
    "CHAN_NOT_IMPLEMENTED": _FAILED,
    "FACILITY_NOT_IMPLEMENTED": _FAILED,
    "SERVICE_NOT_IMPLEMENTED": _FAILED,
    "INVALID_CALL_REFERENCE": _FAILED,
    "INCOMPATIBLE_DESTINATION": _FAILED,  # SIP 488: no codec in common
    "INVALID_MSG_UNSPECIFIED": _FAILED,
    "MANDATORY_IE_MISSING": _FAILED,
    "MESSAGE_TYPE_NONEXIST": _FAILED,
    "WRONG_MESSAGE": _FAILED,
    "IE_NONEXIST": _FAILED,
    "INVALID_IE_CONTENTS": _FAILED,
    "WRONG_CALL_STATE": _FAILED,
    "RECOVERY_ON_TIMER_EXPIRE": _DOWN,  # nobody answered the INVITE at all
    "MANDATORY_IE_LENGTH_ERROR": _FAILED,
    "PROTOCOL_ERROR": _FAILED,
    "INTERWORKING": _FAILED,
    "SUCCESS": _FAILED,
    "ORIGINATOR_CANCEL": _OURS,
    "CRASH": _FAILED,
    "SYSTEM_SHUTDOWN": _FAILED,
    "LOSE_RACE": _OURS,
    "MANAGER_REQUEST": _OURS,
    "BLIND_TRANSFER": _FAILED,
    "ATTENDED_TRANSFER": _FAILED,
    "ALLOTTED_TIMEOUT": _NO_ANSWER,
    "USER_CHALLENGE": _DOWN,  # the trunk does not accept our credentials
    "MEDIA_TIMEOUT": _FAILED,
    "PICKED_OFF": _FAILED,
    "USER_NOT_REGISTERED": _OFF,
    "PROGRESS_TIMEOUT": _NO_ANSWER,
    "INVALID_GATEWAY": _DOWN,
    "GATEWAY_DOWN": _DOWN,
    "INVALID_URL": _FAILED,
    "INVALID_PROFILE": _DOWN,
    "NO_PICKUP": _NO_ANSWER,
    "SRTP_READ_ERROR": _FAILED,
    "BOWOUT": _FAILED,
    "BUSY_EVERYWHERE": _BUSY,  # SIP 600
    "DECLINE": _REJECTED,  # SIP 603
    "DOES_NOT_EXIST_ANYWHERE": _DEAD,  # SIP 604
    "NOT_ACCEPTABLE": _FAILED,
    "UNWANTED": _REJECTED,  # SIP 607
    "NO_IDENTITY": _FAILED,
    "BAD_IDENTITY_INFO": _FAILED,
    "UNSUPPORTED_CERTIFICATE": _FAILED,
    "INVALID_IDENTITY": _FAILED,
    "STALE_DATE": _FAILED,
    "REJECT_ALL": _REJECTED,
}


def meaning(cause: str) -> Meaning:
    """What the cause says of a leg that nobody answered; an unknown one is FAILED."""
    return CAUSES.get(cause, _FAILED)


def disposition_of(cause: str, *, answered: bool) -> Disposition:
    """The disposition that a leg's end gives when nothing more is known of it.

    Args:
        cause: the switch's hangup cause, or ``originate``'s own word (``-ERR USER_BUSY``).
        answered: the leg was answered. However it ended then, somebody took it
            up and left before the end; what a person pressed is known elsewhere
            and comes before this. A number that answers and leaves at once
            makes ``originate`` fail with NORMAL_CLEARING: look at the leg's
            answer time, not at the reply.
    """
    if answered:
        return Disposition.HUNG_UP_EARLY
    word = cause.removeprefix("-ERR").strip()
    return meaning(word).disposition


def clean_cause(text: str) -> str:
    """A hangup cause as the switch spells them, or an empty text."""
    words = text.strip().split()
    return words[0] if words and _CAUSE.fullmatch(words[0]) else ""
