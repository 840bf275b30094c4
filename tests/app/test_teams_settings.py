"""Teams is off, or set up whole, or without tokens on the loopback alone; the library is imported when it is on."""

import subprocess
import sys

import pytest

from app.doctor import Verdict
from app.doctor import teams as look_at_teams
from app.serve import running
from app.settings import Settings
from channels.teams.account import SERVICE_HOSTS, AccountInvalid
from tests.app.house import NO_ENCODER
from tests.channels.teams.peer import APP_ID, PASSWORD, TENANT, Microsoft

WHOLE = {"teams_app_id": APP_ID, "teams_app_password": PASSWORD, "teams_tenants": f" {TENANT.upper()} , "}


def test_teams_is_off_unless_it_is_set_up() -> None:
    assert Settings().teams is None


def test_a_whole_account() -> None:
    account = Settings.model_validate(WHOLE).teams
    assert account is not None
    assert account.tenants == {TENANT}
    assert account.service_hosts == set(SERVICE_HOSTS)
    assert account.token_address == "https://login.microsoftonline.com/botframework.com/oauth2/v2.0/token"


def test_a_single_tenant_bot_gets_its_token_there_and_answers_its_own_people() -> None:
    account = Settings.model_validate({**WHOLE, "teams_tenants": "", "teams_app_tenant": TENANT}).teams
    assert account is not None
    assert account.tenants == {TENANT}
    assert account.token_address == f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"


@pytest.mark.parametrize(
    "changes",
    [
        {"teams_app_password": None},
        {"teams_tenants": ""},
        {"teams_service_hosts": "https://evil.example"},
        {"teams_anonymous": True, "host": "0.0.0.0"},
        {"teams_app_id": "", "teams_anonymous": True, "host": "192.0.2.1"},
    ],
)
async def test_a_desk_that_would_let_anybody_in_does_not_start(changes: dict[str, object], tmp_path: object) -> None:
    settings = Settings.model_validate({**WHOLE, "data": tmp_path, "port": 0, **changes})
    with pytest.raises(AccountInvalid):
        async with running(settings, encoder=NO_ENCODER):
            raise AssertionError("it started")


@pytest.mark.parametrize(("teams", "imported"), [("", "[]"), ("NIGHTDESK_TEAMS_ANONYMOUS=true", "['botbuilder']")])
def test_the_library_is_imported_where_teams_is_set_up_alone(teams: str, imported: str, tmp_path: object) -> None:
    code = (
        "import sys; from app.settings import Settings; from app.wiring import build; "
        "from tests.app.house import NO_ENCODER; "
        f"build(Settings(data={str(tmp_path)!r}), encoder=NO_ENCODER); "
        "print([name for name in ('botbuilder',) if name in sys.modules])"
    )
    environment = {"PATH": "/usr/bin:/bin", **dict(part.split("=") for part in [teams] if part)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == imported


class TestDoctor:
    async def test_teams_off_is_a_note(self) -> None:
        assert (await look_at_teams(Settings())).verdict is Verdict.NOTE

    async def test_half_of_it_is_bad(self) -> None:
        finding = await look_at_teams(Settings.model_validate({**WHOLE, "teams_tenants": ""}))
        assert finding.verdict is Verdict.BAD
        assert "NIGHTDESK_TEAMS_TENANTS" in finding.remedy

    @pytest.mark.parametrize(("status", "verdict"), [(200, Verdict.GOOD), (401, Verdict.BAD)])
    async def test_it_asks_microsoft_for_keys_and_a_token(self, status: int, verdict: Verdict) -> None:
        microsoft = Microsoft()
        microsoft.token_status = status
        await microsoft.server.start_server()
        try:
            settings = Settings.model_validate(
                {
                    **WHOLE,
                    "teams_openid_url": f"{microsoft.origin}/openid",
                    "teams_token_url": f"{microsoft.origin}/token",
                }
            )
            assert (await look_at_teams(settings)).verdict is verdict
        finally:
            microsoft.let_go.set()
            await microsoft.server.close()
