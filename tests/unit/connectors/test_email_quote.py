import pytest

from inbox.connectors.email_quote import split_quote


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Danke!\n\nAm 09.11.2026 um 10:00 schrieb Support <s@b.test>:\n> Hallo\n> Welt", "Danke!"),
        ("Danke!\n\nSupport <s@b.test> schrieb am Mo., 9. Nov. 2026, 10:00:\n\n> Hallo", "Danke!"),
        ("Danke!\n\nAm Mo., 9. Nov. 2026 um 10:00 Uhr schrieb Brand Support <\nsupport@b.test>:\n\n> Hallo", "Danke!"),
        ("Ok\n\nOn 9 Nov 2026, at 11:00, S <s@b.test> wrote:\n\nHello without marks", "Ok"),
        ("Ok\n\n________________________________\nVon: S\nGesendet: Mo\nAn: Fan\nBetreff: x\n\nHallo", "Ok"),
        ("Ok\n\n-----Ursprüngliche Nachricht-----\nVon: S", "Ok"),
        ("FYI\n\n---------- Forwarded message ---------\nFrom: x", "FYI"),
        ("Ok\n\n*Von:* S\n*Gesendet:* Mo\n*An:* Fan\n\nHallo", "Ok"),
        ("Hi\n-- \nAnna\nACME GmbH", "Hi"),
        ("Hi\n\nGesendet von meinem iPhone", "Hi"),
        ("Hi\n\nSent from Outlook for Android", "Hi"),
        ("Hi\n\nBest regards,\nAnna", "Hi"),
        ("Bitte helft mir.\n\nLG\nTom", "Bitte helft mir."),
        ("Yes\n> old line\n> other", "Yes"),
        ("> Which version?\n> And where?\n\n2.1, on Android", "2.1, on Android"),
        ("Am 9.11.2026 um 10:00 schrieb S:\n> Welche Version?\n\n2.1", "2.1"),
    ],
)
def test_what_was_written_is_told_from_what_was_not(text: str, written: str) -> None:
    kept, folded = split_quote(text)
    assert kept == written
    assert folded
    assert sorted("".join((kept + folded).split())) == sorted("".join(text.split()))


@pytest.mark.parametrize(
    "text",
    [
        "I want:\n- dark mode\n- faster sync\n\nCan you do that?",
        "Thanks, that helped.\n\nBut now it crashes.",
        "Liebe Grüße an das Team, ihr seid toll.\n\nWann kommt der dunkle Modus?",
        "Am Montag schrieb ich euch schon einmal.\nKeine Antwort.",
        "From: the beginning\nit was slow.",
        "a\n--\nb" * 0 + "5 > 3 and\n3 < 5",
        "Best regards to all of you, but this is still a complaint that goes on for longer than any closing formula would.",
        "Viele Grüße\nTom\nPS: Bitte auch den Export reparieren.",
        "> only quoted",
        "-----Original Message-----\nFrom: a\nTo: b",
        "",
    ],
)
def test_words_are_not_taken_for_history(text: str) -> None:
    assert split_quote(text) == (text.strip(), "")


def test_answers_between_quoted_lines_keep_them() -> None:
    text = "On 9 Nov 2026, S wrote:\n\n> One?\n\nYes.\n\n> Two?\n\nNo."
    assert split_quote(text) == (text, "")
