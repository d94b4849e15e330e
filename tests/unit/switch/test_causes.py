from __future__ import annotations

import pytest

from dutycenter.switch.causes import CAUSES, disposition_of, meaning
from dutycenter.vocabulary import Disposition

# CAUSE_CHART of FreeSWITCH 1.10's switch_channel.c
DEFINED = """
NONE UNALLOCATED_NUMBER NO_ROUTE_TRANSIT_NET NO_ROUTE_DESTINATION CHANNEL_UNACCEPTABLE CALL_AWARDED_DELIVERED
NORMAL_CLEARING USER_BUSY NO_USER_RESPONSE NO_ANSWER SUBSCRIBER_ABSENT CALL_REJECTED NUMBER_CHANGED
REDIRECTION_TO_NEW_DESTINATION EXCHANGE_ROUTING_ERROR DESTINATION_OUT_OF_ORDER INVALID_NUMBER_FORMAT FACILITY_REJECTED
RESPONSE_TO_STATUS_ENQUIRY NORMAL_UNSPECIFIED NORMAL_CIRCUIT_CONGESTION NETWORK_OUT_OF_ORDER NORMAL_TEMPORARY_FAILURE
SWITCH_CONGESTION ACCESS_INFO_DISCARDED REQUESTED_CHAN_UNAVAIL PRE_EMPTED FACILITY_NOT_SUBSCRIBED OUTGOING_CALL_BARRED
INCOMING_CALL_BARRED BEARERCAPABILITY_NOTAUTH BEARERCAPABILITY_NOTAVAIL SERVICE_UNAVAILABLE BEARERCAPABILITY_NOTIMPL
CHAN_NOT_IMPLEMENTED FACILITY_NOT_IMPLEMENTED SERVICE_NOT_IMPLEMENTED INVALID_CALL_REFERENCE INCOMPATIBLE_DESTINATION
INVALID_MSG_UNSPECIFIED MANDATORY_IE_MISSING MESSAGE_TYPE_NONEXIST WRONG_MESSAGE IE_NONEXIST INVALID_IE_CONTENTS
WRONG_CALL_STATE RECOVERY_ON_TIMER_EXPIRE MANDATORY_IE_LENGTH_ERROR PROTOCOL_ERROR INTERWORKING SUCCESS
ORIGINATOR_CANCEL CRASH SYSTEM_SHUTDOWN LOSE_RACE MANAGER_REQUEST BLIND_TRANSFER ATTENDED_TRANSFER ALLOTTED_TIMEOUT
USER_CHALLENGE MEDIA_TIMEOUT PICKED_OFF USER_NOT_REGISTERED PROGRESS_TIMEOUT INVALID_GATEWAY GATEWAY_DOWN INVALID_URL
INVALID_PROFILE NO_PICKUP SRTP_READ_ERROR BOWOUT BUSY_EVERYWHERE DECLINE DOES_NOT_EXIST_ANYWHERE NOT_ACCEPTABLE UNWANTED
NO_IDENTITY BAD_IDENTITY_INFO UNSUPPORTED_CERTIFICATE INVALID_IDENTITY STALE_DATE REJECT_ALL
""".split()  # noqa: SIM905

ONLY_A_PERSON_CAN = {
    Disposition.ACKNOWLEDGED,
    Disposition.DECLINED,
    Disposition.TRANSFERRED,
    Disposition.HEARD,
    Disposition.VOICEMAIL,
}


class TestCauses:
    def test_there_is_a_row_for_every_cause_that_the_switch_defines(self) -> None:
        assert sorted(CAUSES) == sorted(DEFINED)

    def test_no_cause_claims_what_only_a_person_can_do(self) -> None:
        assert not ONLY_A_PERSON_CAN & {row.disposition for row in CAUSES.values()}

    def test_a_dead_number_is_no_fault_of_the_gateway(self) -> None:
        assert not [cause for cause, row in CAUSES.items() if row.number_dead and row.gateway_fault]

    @pytest.mark.parametrize(
        ("cause", "disposition"),
        [
            ("USER_BUSY", Disposition.BUSY),
            ("UNALLOCATED_NUMBER", Disposition.NO_SUCH_NUMBER),
            ("NO_USER_RESPONSE", Disposition.SWITCHED_OFF),  # SIP 480
            ("NORMAL_TEMPORARY_FAILURE", Disposition.CONGESTION),  # SIP 503
            ("NO_ANSWER", Disposition.NO_ANSWER),
            ("INVALID_GATEWAY", Disposition.GATEWAY_DOWN),
            ("-ERR CALL_REJECTED\n", Disposition.REJECTED),
            ("MADE_UP_LATER", Disposition.FAILED),
            ("", Disposition.FAILED),
        ],
    )
    def test_it_reads_what_a_real_switch_says(self, cause: str, disposition: Disposition) -> None:
        assert disposition_of(cause, answered=False) == disposition

    @pytest.mark.parametrize("cause", ["NORMAL_CLEARING", "USER_BUSY", "MEDIA_TIMEOUT", "MADE_UP_LATER"])
    def test_who_answered_was_there(self, cause: str) -> None:
        assert disposition_of(cause, answered=True) == Disposition.HUNG_UP_EARLY

    def test_a_number_is_called_again_only_if_it_can_be_of_use(self) -> None:
        assert meaning("UNALLOCATED_NUMBER").number_dead
        assert not meaning("USER_BUSY").number_dead
        assert meaning("GATEWAY_DOWN").gateway_fault
