"""Which headers a channel's events carry, in the order in which FreeSWITCH 1.10.12 sends them.

The SIP and RTP variables are what a call through one trunk on one machine
has; the product reads few of them, but has to read past all of them.
"""

from __future__ import annotations

CORE_UUID = "cccd0250-f83e-4678-9fe6-29c8ccd1edf9"
HOSTNAME = "rehearsal"
VERSION = "1.10.12-release git a88d069 2024-08-02 21:02:27Z 64bit"

STATE_NUMBERS = {
    "CS_NEW": 0, "CS_INIT": 1, "CS_ROUTING": 2, "CS_SOFT_EXECUTE": 3, "CS_EXECUTE": 4, "CS_EXCHANGE_MEDIA": 5,
    "CS_PARK": 6, "CS_CONSUME_MEDIA": 7, "CS_HIBERNATE": 8, "CS_RESET": 9, "CS_HANGUP": 10, "CS_REPORTING": 11,
    "CS_DESTROY": 12, "CS_NONE": 0,
}  # fmt: skip

# Event, and where in FreeSWITCH it is fired: file, function, line.
ORIGINS = {
    "CHANNEL_STATE": ("switch_channel.c", "switch_channel_perform_set_running_state", 2408),
    "CHANNEL_CALLSTATE": ("switch_channel.c", "switch_channel_perform_set_callstate", 321),
    "CHANNEL_CREATE": ("switch_core_state_machine.c", "switch_core_session_run", 626),
    "CHANNEL_ORIGINATE": ("switch_core_session.c", "switch_core_session_outgoing_channel", 774),
    "CHANNEL_PROGRESS": ("switch_channel.c", "switch_channel_perform_mark_ring_ready_value", 3505),
    "CHANNEL_PROGRESS_MEDIA": ("switch_channel.c", "switch_channel_perform_mark_pre_answered", 3582),
    "CHANNEL_ANSWER": ("switch_channel.c", "switch_channel_perform_mark_answered", 3846),
    "CHANNEL_EXECUTE": ("switch_core_session.c", "switch_core_session_exec", 2944),
    "CHANNEL_EXECUTE_COMPLETE": ("switch_core_session.c", "switch_core_session_exec", 2967),
    "CHANNEL_PARK": ("switch_ivr.c", "switch_ivr_park", 1002),
    "CHANNEL_UNPARK": ("switch_ivr.c", "switch_ivr_park", 1213),
    "CHANNEL_BRIDGE": ("switch_ivr_bridge.c", "switch_ivr_multi_threaded_bridge", 1689),
    "CHANNEL_UNBRIDGE": ("switch_ivr_bridge.c", "switch_ivr_multi_threaded_bridge", 1879),
    "CHANNEL_HANGUP": ("switch_channel.c", "switch_channel_perform_hangup", 3445),
    "CHANNEL_HANGUP_COMPLETE": ("switch_core_state_machine.c", "switch_core_session_reporting_state", 943),
    "CHANNEL_DESTROY": ("switch_core_session.c", "switch_core_session_perform_destroy", 1584),
    "DTMF": ("switch_channel.c", "switch_channel_dequeue_dtmf", 677),
    "RECORD_START": ("switch_ivr_async.c", "record_callback", 1481),
    "RECORD_STOP": ("switch_ivr_async.c", "send_record_stop_event", 1240),
    "PLAYBACK_START": ("switch_ivr_play_say.c", "switch_ivr_play_file", 1646),
    "PLAYBACK_STOP": ("switch_ivr_play_say.c", "switch_ivr_play_file", 2020),
    "BACKGROUND_JOB": ("mod_event_socket.c", "api_exec", 1572),
    "CHANNEL_DATA": ("mod_event_socket.c", "parse_command", 2021),
    "uuid_dump": ("mod_commands.c", "uuid_dump_function", 6468),
    "HEARTBEAT": ("switch_core.c", "send_heartbeat", 95),
    "conference-create": ("mod_conference.c", "conference_new", 3848),
    "conference-destroy": ("mod_conference.c", "conference_thread_run", 863),
    "add-member": ("conference_member.c", "conference_member_add", 962),
    "del-member": ("conference_member.c", "conference_member_del", 1355),
    "mute-member": ("conference_api.c", "conference_api_sub_mute", 339),
    "unmute-member": ("conference_api.c", "conference_api_sub_unmute", 492),
    "kick-member": ("conference_api.c", "conference_api_sub_kick", 902),
    "lock": ("conference_api.c", "conference_api_sub_lock", 3474),
    "unlock": ("conference_api.c", "conference_api_sub_unlock", 3496),
    "start-recording": ("conference_record.c", "conference_record_thread_run", 319),
    "stop-recording": ("conference_record.c", "conference_record_thread_run", 427),
    "member-queue-start": ("mod_callcenter.c", "callcenter_function", 3113),
    "member-queue-end": ("mod_callcenter.c", "outbound_agent_thread_run", 2098),
    "members-count": ("mod_callcenter.c", "cc_queue_count", 878),
    "agent-status-change": ("mod_callcenter.c", "cc_agent_update", 1043),
    "agent-state-change": ("mod_callcenter.c", "cc_agent_update", 1067),
    "agent-offering": ("mod_callcenter.c", "outbound_agent_thread_run", 1717),
    "bridge-agent-start": ("mod_callcenter.c", "outbound_agent_thread_run", 1934),
    "bridge-agent-end": ("mod_callcenter.c", "outbound_agent_thread_run", 2062),
    "bridge-agent-fail": ("mod_callcenter.c", "outbound_agent_thread_run", 2200),
}

# hangup_cause_q850 of the causes that the simulated people and gateways give.
Q850 = {
    "UNALLOCATED_NUMBER": 1, "NORMAL_CLEARING": 16, "USER_BUSY": 17, "NO_USER_RESPONSE": 18, "NO_ANSWER": 19,
    "SUBSCRIBER_ABSENT": 20, "CALL_REJECTED": 21, "DESTINATION_OUT_OF_ORDER": 27, "NORMAL_UNSPECIFIED": 31,
    "NORMAL_CIRCUIT_CONGESTION": 34, "NORMAL_TEMPORARY_FAILURE": 41, "SWITCH_CONGESTION": 42,
    "RECOVERY_ON_TIMER_EXPIRE": 102, "ORIGINATOR_CANCEL": 487, "ALLOTTED_TIMEOUT": 602, "MANAGER_REQUEST": 503,
    "LOSE_RACE": 502, "PICKED_OFF": 605, "INVALID_GATEWAY": 608, "GATEWAY_DOWN": 609,
}  # fmt: skip

SDP_OUT = (
    "v=0\r\no=FreeSWITCH 1795406021 1795406022 IN IP4 127.0.0.1\r\ns=FreeSWITCH\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP 8 0 101 13\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=rtpmap:13 CN/8000\r\na=ptime:20\r\na=sendrecv\r\n"
)
SDP_IN = (
    "v=0\r\no=town 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40290 RTP/AVP 8 101\r\n"
    "a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"
)

# Variables of an outbound leg: before the originate's own, and after them.
OUTBOUND_BEFORE = (
    ("direction", "outbound"), ("is_outbound", "true"), ("uuid", "{uuid}"), ("call_uuid", "{uuid}"),
    ("session_id", "{session}"), ("sip_gateway_name", "{gateway}"), ("sip_local_network_addr", "127.0.0.1"), ("sip_profile_name", "gateway"),
    ("video_media_flow", "disabled"), ("text_media_flow", "disabled"), ("channel_name", "{name}"),
    ("sip_destination_url", "sip:{number}@127.0.0.1:5090"),
)  # fmt: skip
OUTBOUND_AFTER = (
    ("originate_early_media", "false"), ("originate_endpoint", "sofia"), ("rtp_use_codec_string", "PCMA,PCMU"),
    ("local_media_ip", "127.0.0.1"), ("local_media_port", "{port}"), ("advertised_media_ip", "127.0.0.1"),
    ("audio_media_flow", "sendrecv"), ("rtp_local_sdp_str", SDP_OUT),
    ("sip_outgoing_contact_uri", "<sip:gw+{gateway}@127.0.0.1:5080;transport=udp;gw={gateway}>"),
    ("sip_req_uri", "{number}@127.0.0.1:5090"), ("sip_to_host", "127.0.0.1:5090"),
    ("sip_from_host", "127.0.0.1:5090"), ("sofia_profile_name", "trunk"), ("recovery_profile_name", "trunk"),
    ("sofia_profile_url", "sip:mod_sofia@127.0.0.1:5080"),
)  # fmt: skip
OUTBOUND_SENT = (
    ("sip_call_id", "{call_id}"), ("sip_local_network_addr", "127.0.0.1"), ("sip_reply_host", "127.0.0.1"),
    ("sip_reply_port", "5090"), ("sip_network_ip", "127.0.0.1"), ("sip_network_port", "5090"),
)  # fmt: skip
OUTBOUND_PROGRESS = (
    *OUTBOUND_SENT,
    ("sip_recover_contact", "<sip:127.0.0.1:5090>"),
    ("sip_full_via", "SIP/2.0/UDP 127.0.0.1:5080;rport;branch=z9hG4bK{tag}"),
    ("sip_recover_via", "SIP/2.0/UDP 127.0.0.1:5080;rport;branch=z9hG4bK{tag}"),
    ("sip_full_from", "<sip:x@127.0.0.1:5090>;tag={tag}"), ("sip_full_to", "<sip:{number}@127.0.0.1:5090>;tag=t{tag}"),
    ("sip_from_user", "x"), ("sip_from_port", "5090"), ("sip_from_uri", "x@127.0.0.1:5090"),
    ("sip_from_host", "127.0.0.1"), ("sip_to_user", "{number}"), ("sip_to_port", "5090"),
    ("sip_to_uri", "{number}@127.0.0.1:5090"), ("sip_to_host", "127.0.0.1"), ("sip_contact_user", "nobody"),
    ("sip_contact_port", "5090"), ("sip_contact_uri", "nobody@127.0.0.1:5090"), ("sip_contact_host", "127.0.0.1"),
    ("sip_to_tag", "t{tag}"), ("sip_from_tag", "{tag}"), ("sip_cseq", "123164937"),
)  # fmt: skip
MEDIA = (
    ("ep_codec_string", "CORE_PCM_MODULE.PCMA@8000h@20i@64000b"), ("rtp_use_codec_string", "PCMA,PCMU"),
    ("remote_video_media_flow", "inactive"), ("remote_text_media_flow", "inactive"),
    ("remote_audio_media_flow", "sendrecv"), ("rtp_audio_recv_pt", "8"), ("rtp_use_codec_name", "PCMA"),
    ("rtp_use_codec_rate", "8000"), ("rtp_use_codec_ptime", "20"), ("rtp_use_codec_channels", "1"),
    ("rtp_last_audio_codec_string", "PCMA@8000h@20i@1c"), ("read_codec", "PCMA"), ("original_read_codec", "PCMA"),
    ("read_rate", "8000"), ("original_read_rate", "8000"), ("write_codec", "PCMA"), ("write_rate", "8000"),
    ("dtmf_type", "rfc2833"),
)  # fmt: skip
MEDIA_UP = (
    ("local_media_ip", "127.0.0.1"), ("local_media_port", "{port}"), ("advertised_media_ip", "127.0.0.1"),
    ("rtp_use_timer_name", "soft"), ("rtp_use_pt", "8"), ("rtp_use_ssrc", "1127757467"),
)  # fmt: skip
REMOTE = (("remote_media_ip", "127.0.0.1"), ("remote_media_port", "40290"))
OUTBOUND_ANSWER = (
    ("switch_r_sdp", SDP_IN), *MEDIA, *MEDIA_UP,
    ("rtp_2833_send_payload", "101"), ("rtp_2833_recv_payload", "101"), *REMOTE,
)  # fmt: skip
INBOUND = (
    ("direction", "inbound"), ("uuid", "{uuid}"), ("call_uuid", "{uuid}"), ("session_id", "{session}"),
    ("sip_from_user", "{caller}"), ("sip_from_port", "5060"), ("sip_from_uri", "{caller}@127.0.0.1:5060"),
    ("sip_from_host", "127.0.0.1"), ("video_media_flow", "disabled"), ("text_media_flow", "disabled"),
    ("channel_name", "{name}"), ("sip_call_id", "{call_id}"), ("sip_local_network_addr", "127.0.0.1"),
    ("sip_network_ip", "127.0.0.1"), ("sip_network_port", "5060"), ("sip_invite_stamp", "{created}"),
    ("sip_received_ip", "127.0.0.1"), ("sip_received_port", "5060"), ("sip_via_protocol", "udp"),
    ("sip_from_user_stripped", "{caller}"), ("sip_from_tag", "{tag}"), ("sofia_profile_name", "trunk"),
    ("sofia_profile_url", "sip:mod_sofia@127.0.0.1:5080"), ("recovery_profile_name", "trunk"),
    ("sip_full_via", "SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK{tag}"), ("sip_from_display", "{caller_name}"),
    ("sip_full_from", "{caller_name} <sip:{caller}@127.0.0.1:5060>;tag={tag}"), ("sip_to_display", "{number}"),
    ("sip_full_to", "{number} <sip:{number}@127.0.0.1:5080>"), ("sip_req_user", "{number}"),
    ("sip_req_port", "5080"), ("sip_req_uri", "{number}@127.0.0.1:5080"), ("sip_req_host", "127.0.0.1"),
    ("sip_to_user", "{number}"), ("sip_to_port", "5080"), ("sip_to_uri", "{number}@127.0.0.1:5080"),
    ("sip_to_host", "127.0.0.1"), ("sip_contact_user", "{caller}"), ("sip_contact_port", "5060"),
    ("sip_contact_uri", "{caller}@127.0.0.1:5060"), ("sip_contact_host", "127.0.0.1"),
    ("sip_subject", "Rehearsal"), ("sip_via_host", "127.0.0.1"), ("sip_via_port", "5060"), ("max_forwards", "70"),
    ("switch_r_sdp", SDP_IN), *MEDIA, ("audio_media_flow", "sendrecv"), *REMOTE, ("endpoint_disposition", "RECEIVED"),
)  # fmt: skip
INBOUND_ANSWER = (("rtp_local_sdp_str", SDP_OUT), *MEDIA_UP, *REMOTE)
INBOUND_ESTABLISHED = (("endpoint_disposition", "ANSWER"), ("sip_to_tag", "t{tag}"), ("sip_cseq", "1"))

# What mod_callcenter leaves in an agent's leg: the parameters of its request, as if they were variables.
AGENT_REQUEST = (
    ("Event-Name", "REQUEST_PARAMS"), ("Core-UUID", CORE_UUID), ("FreeSWITCH-Hostname", HOSTNAME),
    ("FreeSWITCH-Switchname", HOSTNAME), ("FreeSWITCH-IPv4", "192.0.2.2"), ("FreeSWITCH-IPv6", "fd00::2"),
    ("Event-Calling-File", "mod_callcenter.c"), ("Event-Calling-Function", "outbound_agent_thread_run"),
    ("Event-Calling-Line-Number", "1755"),
)  # fmt: skip

RTP_REPORT = (
    ("rtp_audio_in_raw_bytes", "0"), ("rtp_audio_in_media_bytes", "0"), ("rtp_audio_in_packet_count", "0"),
    ("rtp_audio_in_media_packet_count", "0"), ("rtp_audio_in_skip_packet_count", "0"),
    ("rtp_audio_in_jitter_packet_count", "0"), ("rtp_audio_in_dtmf_packet_count", "0"),
    ("rtp_audio_in_cng_packet_count", "0"), ("rtp_audio_in_flush_packet_count", "0"),
    ("rtp_audio_in_largest_jb_size", "0"), ("rtp_audio_in_jitter_min_variance", "0.00"),
    ("rtp_audio_in_jitter_max_variance", "0.00"), ("rtp_audio_in_jitter_loss_rate", "0.00"),
    ("rtp_audio_in_jitter_burst_rate", "0.00"), ("rtp_audio_in_mean_interval", "0.00"),
    ("rtp_audio_in_flaw_total", "0"), ("rtp_audio_in_quality_percentage", "100.00"), ("rtp_audio_in_mos", "4.50"),
    ("rtp_audio_out_raw_bytes", "0"), ("rtp_audio_out_media_bytes", "0"), ("rtp_audio_out_packet_count", "0"),
    ("rtp_audio_out_media_packet_count", "0"), ("rtp_audio_out_skip_packet_count", "0"),
    ("rtp_audio_out_dtmf_packet_count", "0"), ("rtp_audio_out_cng_packet_count", "0"),
    ("rtp_audio_rtcp_packet_count", "0"), ("rtp_audio_rtcp_octet_count", "0"),
)  # fmt: skip

CODEC_HEADERS = (
    "Channel-Read-Codec-Name: PCMA\nChannel-Read-Codec-Rate: 8000\nChannel-Read-Codec-Bit-Rate: 64000\n"
    "Channel-Write-Codec-Name: PCMA\nChannel-Write-Codec-Rate: 8000\nChannel-Write-Codec-Bit-Rate: 64000\n"
)
