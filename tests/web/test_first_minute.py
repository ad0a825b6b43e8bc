"""Set-up, sign-in, invitations: how people get in, and who does not."""

from typing import Any

import pytest

PERSON = {
    "workspace": "Beetbox",
    "name": "Mira",
    "email": "Mira@Example.org",
    "password": "ein kurzer satz",
    "language": "de",
    "time_zone": "Europe/Berlin",
}


def test_a_new_installation_leads_to_the_set_up(visitor: Any) -> None:
    assert visitor.get("/conversations").headers["Location"] == "/set-up"
    assert visitor.get("/sign-in").headers["Location"] == "/set-up"


def test_the_set_up_signs_the_admin_in_and_is_done_once(app: Any, visitor: Any) -> None:
    assert visitor.post("/set-up", data=PERSON).headers["Location"] == "/conversations"
    assert visitor.get("/conversations").status_code == 200
    second = app.test_client()
    assert second.post("/set-up", data={**PERSON, "email": "eve@example.org"}).headers["Location"] == "/sign-in"
    assert second.get("/set-up").status_code == 302
    assert second.post("/sign-in", data={"email": "eve@example.org", "password": PERSON["password"]}).status_code == 422


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("password", "short"),
        ("email", "nobody"),
        ("time_zone", "Moon/Crater"),
        ("language", "fr"),
        ("workspace", " "),
        ("name", "x" * 201),
    ],
)
def test_a_wrong_field_is_named_and_the_others_are_kept(visitor: Any, field: str, value: str) -> None:
    page = visitor.post("/set-up", data={**PERSON, field: value})
    assert page.status_code == 422
    assert f'id="field-{field.replace("_", "_")}-error"' in page.text
    if field != "name":
        assert 'value="Mira"' in page.text
    assert PERSON["password"] not in page.text


def test_signing_in_and_out(app: Any, visitor: Any) -> None:
    visitor.post("/set-up", data=PERSON)
    browser = app.test_client()
    assert browser.get("/ideas").headers["Location"].startswith("/sign-in?next=")
    wrong = browser.post("/sign-in", data={"email": "mira@example.org", "password": "something else"})
    assert wrong.status_code == 422
    right = browser.post("/sign-in?next=/ideas", data={"email": "MIRA@example.org ", "password": PERSON["password"]})
    assert right.headers["Location"] == "/ideas"
    browser.post("/sign-out")
    assert browser.get("/conversations").headers["Location"].startswith("/sign-in")
    assert visitor.get("/conversations").status_code == 200


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
def test_nobody_is_sent_elsewhere_after_signing_in(app: Any, visitor: Any, target: str) -> None:
    visitor.post("/set-up", data=PERSON)
    data = {"email": "mira@example.org", "password": PERSON["password"]}
    answer = app.test_client().post("/sign-in", query_string={"next": target}, data=data)
    assert answer.headers["Location"] == "/conversations"


def test_a_script_is_told_to_sign_in_instead_of_getting_a_page(visitor: Any) -> None:
    visitor.post("/set-up", data=PERSON)
    visitor.post("/sign-out")
    assert visitor.get("/conversations", headers={"X-Fragment": "page"}).status_code == 401
    assert visitor.post("/digests").status_code == 401


def test_an_invitation_works_once(app: Any, client: Any) -> None:
    page = client.post("/teammates", data={"email": "jo@example.org", "name": "Jo", "role": "manager"})
    link = page.text.split('<code class="secret">')[1].split("</code>")[0]
    path = "/invitations/" + link.rsplit("/", 1)[1]
    browser = app.test_client()
    assert "jo@example.org" in browser.get(path).text
    assert browser.post(path, data={"name": "Jo", "password": "short"}).status_code == 422
    assert (
        browser.post(path, data={"name": "Jo", "password": "lang genug hier"}).headers["Location"] == "/conversations"
    )
    assert browser.get("/conversations").status_code == 200
    assert app.test_client().get(path).headers["Location"] == "/sign-in"
    again = client.post("/teammates", data={"email": "JO@example.org", "name": "Jo", "role": "manager"})
    assert again.status_code == 422


def test_the_last_admin_stays_admin(app: Any, client: Any) -> None:
    client.post("/teammates/1/role", data={"role": "reader"})
    assert client.get("/teammates").status_code == 200
    assert client.post("/teammates", data={"email": "x@example.org", "role": "reader"}).status_code == 200


def test_closing_an_account_ends_its_sessions(client: Any, sign_in_as: Any) -> None:
    colleague = sign_in_as("manager")
    assert colleague.get("/conversations").status_code == 200
    client.post("/teammates/2/role", data={"role": "none"})
    assert colleague.get("/conversations").headers["Location"].startswith("/sign-in")


@pytest.mark.parametrize(
    "path", ["/teammates", "/settings", "/settings/tokens", "/channels", "/samples", "/digests/readers"]
)
def test_a_reader_changes_nothing(sign_in_as: Any, path: str) -> None:
    assert sign_in_as("reader").post(path, data={}).status_code == 403


def test_pages_forbid_what_they_do_not_need(client: Any) -> None:
    headers = client.get("/settings").headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


def test_a_form_without_its_token_is_refused(app: Any, sign_in_as: Any) -> None:
    browser = sign_in_as("admin")
    app.config["WTF_CSRF_ENABLED"] = True
    assert browser.post("/digests/readers", data={"email": "a@example.org"}).status_code == 400


def test_a_new_password_needs_the_old_one_and_ends_other_sessions(app: Any, visitor: Any) -> None:
    visitor.post("/set-up", data=PERSON)
    other = app.test_client()
    other.post("/sign-in", data={"email": PERSON["email"], "password": PERSON["password"]})
    fresh = "ein anderer satz"
    assert visitor.post("/profile/password", data={"password": "wrong", "password_new": fresh}).status_code == 422
    short = visitor.post("/profile/password", data={"password": PERSON["password"], "password_new": "short"})
    assert short.status_code == 422
    assert 'value="Mira"' in short.text
    assert other.get("/profile").status_code == 200
    assert (
        visitor.post("/profile/password", data={"password": PERSON["password"], "password_new": fresh}).status_code
        == 302
    )
    assert visitor.get("/profile").status_code == 200
    assert other.get("/profile").status_code == 302
    assert other.post("/sign-in", data={"email": PERSON["email"], "password": PERSON["password"]}).status_code == 422
    assert other.post("/sign-in", data={"email": PERSON["email"], "password": fresh}).status_code == 302
