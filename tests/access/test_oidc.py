"""Signing in over OpenID Connect, against npm's oidc-provider: who it says it is signs in, and nothing it says gives a right."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

from gisapp import create_app, errors
from gisapp import installation as installations
from gisapp.cli.people import add_person
from gisapp.installation import Installation
from gisapp.settings import ROOT
from tests.conftest import PASSWORD, free_port, visitor

FOLDER = ROOT / "tests" / "npm"
CALLBACK = "http://localhost/sign-in/oidc/callback"
SECRET = "a secret of these tests, long enough to sign"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The address of a real provider."""
    node = shutil.which("node")
    if node is None or not (FOLDER / "node_modules" / "oidc-provider").is_dir():
        pytest.skip("npm's oidc-provider is not here: install node with npm and run `make test-environment`")
    port = free_port()
    child = subprocess.Popen(
        [node, "provider.mjs", str(port), CALLBACK, SECRET],
        cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert child.stdout is not None and child.stdin is not None
    assert child.stdout.readline() == "listening\n"
    yield f"http://127.0.0.1:{port}"
    child.stdin.close()
    child.wait(10)


Make = Callable[..., Flask]


@pytest.fixture(scope="module")
def make_app(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Make:
    """The web application with OIDC set."""
    file = tmp_path_factory.mktemp("oidc") / "secret"
    file.write_text(SECRET + "\n")

    def make(issuer: str, **said: str) -> Flask:
        settings = replace(
            installation.settings,
            **{
                "oidc_issuer": issuer,
                "oidc_client_id": "gisapp",
                "oidc_client_secret_file": str(file),
                **said,
            },
        )
        return create_app(installations.open_for_web(settings))

    return make


@pytest.fixture(scope="module")
def app(make_app: Make, issuer: str, staff: dict[str, str]) -> Flask:
    return make_app(issuer)


@dataclass
class Provider:
    """Somebody's browser at the provider."""

    session: requests.Session

    def answer(self, url: str, login: str) -> str:
        """Log in and consent as a person would; gives the address that leads back."""
        answer = self.session.get(url, allow_redirects=False)
        for _ in range(12):
            if answer.status_code in (302, 303):
                url = requests.compat.urljoin(url, answer.headers["Location"])  # type: ignore[attr-defined]
                if url.startswith(CALLBACK):
                    return url
                answer = self.session.get(url, allow_redirects=False)
                continue
            assert answer.status_code == 200, answer.text[:500]
            form = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
            prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
            assert form and prompt, answer.text[:500]
            url = html.unescape(form[1])
            data = {"prompt": prompt[1], "login": login, "password": "x"}
            answer = self.session.post(url, data=data, allow_redirects=False)
        raise AssertionError("the provider leads nowhere")


def begin(client: FlaskClient, onward: str = "/account") -> str:
    """The address of the provider that the sign-in page leads to."""
    answer = client.get(f"/sign-in/oidc?{urlencode({'next': onward})}")
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return answer.headers["Location"]


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def page(client: FlaskClient, address: str) -> tuple[int, str]:
    answer = client.get(address, headers={"Accept": "text/html"})
    return answer.status_code, answer.get_data(as_text=True)


def test_somebody_who_is_there_signs_in_with_their_own_posts_only(
    app: Flask, installation: Installation
) -> None:
    add_person(installation, "city.official", "職員", None, {"roads": "viewer"})
    client = visitor(app)
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
    url = begin(client, "/account?lang=en")
    asked = parse_qs(urlsplit(url).query)
    assert asked["code_challenge_method"] == ["S256"] and asked["state"] and asked["nonce"]
    back = client.get(path_of(Provider(requests.Session()).answer(url, "City.Official")))
    assert back.status_code == 302 and back.headers["Location"] == "/account?lang=en"
    _, account = page(client, "/account")
    assert "職員" in account and "道路" in account and "市の認証（OIDC）" in account
    assert client.get("/people").status_code == 403  # the claim `groups` said administrator
    parcels = client.get("/ogc/collections/tax.parcel/items?limit=1").get_data(as_text=True)
    assert "owner_name" not in parcels  # and tax
    with client.session_transaction() as session:
        assert "planted" not in session


def test_who_is_not_there_or_no_longer_reads_why(app: Flask, installation: Installation) -> None:
    client = visitor(app)
    status, said = page(client, path_of(Provider(requests.Session()).answer(begin(client), "stranger")))
    assert status == 403 and "stranger" in said and "登録されていません" in said
    add_person(installation, "former.official", "", None, {})
    with installation.database.transaction("owner") as connection:
        connection.exec_driver_sql("UPDATE gisapp.person SET active = false WHERE login = 'former.official'")
    status, said = page(
        client, path_of(Provider(requests.Session()).answer(begin(client), "former.official"))
    )
    assert status == 401 and "停止" in said
    assert client.get("/account").status_code == 401


def test_an_answer_works_once_and_in_the_browser_that_asked_only(
    app: Flask, installation: Installation
) -> None:
    add_person(installation, "third.official", "", None, {})
    client, thief = visitor(app), visitor(app)
    back = path_of(Provider(requests.Session()).answer(begin(client), "third.official"))
    assert page(thief, back)[0] == 502 and thief.get("/account").status_code == 401
    assert page(client, back)[0] == 302
    assert page(visitor(app), back)[0] == 502
    assert page(client, back)[0] == 502


@pytest.mark.parametrize(
    "query", ["", "?code=x", "?code=x&state=y", "?error=access_denied&state=y", "?error=<script>&state=y"]
)
def test_a_made_up_answer_is_a_sentence(app: Flask, query: str) -> None:
    client = visitor(app)
    begin(client)
    status, said = page(client, f"/sign-in/oidc/callback{query}")
    assert status == 502 and "市の認証でログインできませんでした" in said and "<script>" not in said


def test_signing_in_never_leads_to_another_site(app: Flask, installation: Installation) -> None:
    add_person(installation, "fourth.official", "", None, {})
    client = visitor(app)
    url = begin(client, "//evil.example/")
    assert (
        client.get(path_of(Provider(requests.Session()).answer(url, "fourth.official"))).headers["Location"]
        == "/"
    )


def test_another_claim_may_name_the_login(make_app: Make, issuer: str, installation: Installation) -> None:
    add_person(installation, "fifth.official", "", None, {})
    client = visitor(make_app(issuer, oidc_login_claim="sub"))
    assert (
        page(client, path_of(Provider(requests.Session()).answer(begin(client), "fifth.official")))[0] == 302
    )
    client = visitor(make_app(issuer, oidc_login_claim="email"))
    assert (
        page(client, path_of(Provider(requests.Session()).answer(begin(client), "fifth.official")))[0] == 403
    )


def test_the_button_is_there_when_it_is_set_and_only_then(app: Flask, client: FlaskClient) -> None:
    assert "市の認証でログイン" in visitor(app).get("/sign-in?next=/maps/tax").get_data(as_text=True)
    assert "/sign-in/oidc?next=/maps/tax" in visitor(app).get("/sign-in?next=/maps/tax").get_data(
        as_text=True
    )


def test_without_the_setting_there_is_no_such_page(installation: Installation, staff: dict[str, str]) -> None:
    client = visitor(create_app(installations.open_for_web(installation.settings)))
    assert "/sign-in/oidc" not in client.get("/sign-in").get_data(as_text=True)
    assert client.get("/sign-in/oidc").status_code == client.get("/sign-in/oidc/callback").status_code == 404


def test_a_provider_that_is_away_or_another_is_a_sentence(make_app: Make, issuer: str) -> None:
    away = visitor(make_app(f"http://127.0.0.1:{free_port()}"))
    status, said = page(away, "/sign-in/oidc")
    assert status == 502 and "接続できません" in said
    other = visitor(make_app(issuer.replace("127.0.0.1", "localhost")))
    status, said = page(other, "/sign-in/oidc")
    assert status == 502 and "発行者が設定と違います" in said
    assert "password" in away.get("/sign-in").get_data(as_text=True)  # passwords still work


def test_half_a_setting_is_said_at_the_start(make_app: Make, tmp_path: Path) -> None:
    with pytest.raises(errors.SettingInvalid, match="CLIENT_ID"):
        make_app("http://127.0.0.1:1", oidc_client_id="")
    with pytest.raises(errors.SettingInvalid, match="SECRET_FILE"):
        make_app("http://127.0.0.1:1", oidc_client_secret_file=str(tmp_path / "absent"))


def test_a_password_still_works_beside_it(
    app: Flask, enter: Callable[..., int], staff: dict[str, str]
) -> None:
    assert enter(visitor(app), "roads", PASSWORD) == 302
