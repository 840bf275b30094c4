"""What the desk counts about itself, in Prometheus' terms; no label holds a person's data."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()
TURN_SECONDS = Histogram("nightdesk_turn_seconds", "Time of one turn, from inbox to commit.", registry=REGISTRY)
TURN_FAILURES = Counter("nightdesk_turn_failures", "Turns that raised; each is tried again.", registry=REGISTRY)
DELIVERIES = Counter(
    "nightdesk_deliveries", "Deliveries by channel and outcome.", ["channel", "outcome"], registry=REGISTRY
)
RECEIVED = Counter("nightdesk_received", "Inputs acknowledged, by channel.", ["channel"], registry=REGISTRY)
MAILS = Counter("nightdesk_mails", "Mails filed or set aside, by verdict.", ["verdict"], registry=REGISTRY)
ENCODER_READY = Gauge("nightdesk_encoder_ready", "1 when search by meaning is on.", registry=REGISTRY)
RULE_FIRINGS = Counter(
    "nightdesk_rule_firings", "Rules that met a case: fired, or held back and why.", ["outcome"], registry=REGISTRY
)
