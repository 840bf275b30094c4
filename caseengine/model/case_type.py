"""What kind of case it is."""

from enum import StrEnum


class CaseType(StrEnum):
    INCIDENT = "incident"
    SERVICE_REQUEST = "service_request"
    QUESTION = "question"
    COMPLAINT = "complaint"
    RETURN = "return"
