"""Where the tables are declared, room by room."""

# As text: the ground floor names the rooms above it without importing them.
MODELS = (
    "dutycenter.db.lease",
    "dutycenter.accounts.models",
    "dutycenter.directory.models",
    "dutycenter.directory.imports.models",
    "dutycenter.roster.models",
    "dutycenter.roster.duty_log.models",
    "dutycenter.roster.handover.models",
    "dutycenter.switch.models",
    "dutycenter.live.models",
    "dutycenter.calls.models",
    "dutycenter.incidents.models",
    "dutycenter.incidents.attachments.models",
    "dutycenter.incidents.documents.models",
    "dutycenter.incidents.instructions.models",
    "dutycenter.incidents.duplicates.models",
    "dutycenter.incidents.search.models",
    "dutycenter.ledger.models",
    "dutycenter.audit.models",
    "ivr_flows.models",
    "broadcast.models",
    "broadcast.sms.models",
    "broadcast.plans.models",
    "broadcast.history.models",
    "reports.models",
)
