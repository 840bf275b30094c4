"""Words that did not arrive, or may not have, sent once more."""

from app.http.bodies import LostBody
from app.http.case_acting import CaseActing, Who
from app.http.endpoint import Call, Endpoint
from app.sent_again import send_lost
from caseengine.model.errors import LossNotFound, SentBefore
from storage.transaction import UnitOfWork


class CaseDelivering:
    """`POST /api/cases/{number}/deliveries`."""

    def __init__(self, acting: CaseActing) -> None:
        self._acting = acting

    def endpoints(self) -> list[Endpoint]:
        return [
            self._acting.act(
                "deliveries",
                "Send words that did not arrive once more, as they were.",
                LostBody,
                self._send_again,
                LossNotFound.code,
                SentBefore.code,
                about=(
                    "A `DeliveryGivenUp` in the timeline says that words did not arrive, a `DeliveryDoubted` that they "
                    "may have: then the customer may get them twice. Each is answered once, whoever asks first."
                ),
            )
        ]

    async def _send_again(self, work: UnitOfWork, call: Call, who: Who) -> None:
        body: LostBody = call.body
        await send_lost(work, call.path("number"), body.lost, by=who["by"], at=who["at"])
