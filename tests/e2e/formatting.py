#!/usr/bin/python3
"""What the user formats is a text for everybody and, beside it, what it looks like; what nobody formatted is a text."""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import tap
from lab import Lab

PIDGIN = ('<HTML><BODY BGCOLOR="#ffffff"><FONT COLOR="#cc0000"><B>Stop!</B></FONT> <I>Grüße</I> an <U>alle</U><BR>&lt;b&gt; ist '
          '<A HREF="https://example.org/?a=1&amp;b=2">hier</A>, nicht <A HREF="http://example.org">http://example.org</A>'
          '</BODY></HTML>')
TEXT = "Stop! Grüße an alle\n<b> ist hier (https://example.org/?a=1&b=2), nicht http://example.org"
CLEAN = ('<font color="#cc0000"><b>Stop!</b></font> <i>Grüße</i> an <u>alle</u><br>&lt;b&gt; ist '
         '<a href="https://example.org/?a=1&amp;b=2">hier</a>, nicht <a href="http://example.org">http://example.org</a>')


def leaves(mail):
    return [(part.get_content_type(), part.get_content_charset(), part.get_content()) for part in mail.walk() if not part.is_multipart()]


@tap.case("formatted, linked, plain: what arrives, and what the writer sees")
def formatted():
    with Lab() as lab:
        alice, bob = lab.client("alice").login(), lab.client("bob").login()

        def sends(html):
            alice.do(do="send", account=alice.address, to=bob.address, html=html)
            return alice.expect("line", lambda one: "send" in one["flags"], conversation=bob.address)["text"]

        long = "<b>" + "ä &amp; " * 3000 + "</b>"
        for html, own in ((PIDGIN, CLEAN), ("<b>*</b>", "<b>*</b>"), (long, None),
                          ("see www.example.org, or ann@example.org", "see www.example.org, or ann@example.org"),
                          ("<html>1 &lt; 2", "1 &lt; 2")):
            shown = sends(html)
            tap.require(own is None or shown == own, f"own line: {shown}")
            bob.expect("line", lambda one: "recv" in one["flags"], conversation=alice.address)
        mails = lab.mailbox("bob").mails()
        tap.same([mail.get_content_type() for mail in mails],
                 ["multipart/alternative"] * 3 + ["text/plain"] * 2, "types")
        parts = leaves(mails[0])
        tap.same([(kind, charset) for kind, charset, _ in parts], [("text/plain", "utf-8"), ("text/html", "utf-8")], "parts")
        tap.same(parts[0][2].replace("\r\n", "\n").rstrip("\n"), TEXT, "plain text")
        tap.same(re.search(r"<body>\s*(.*?)\s*</body>", parts[1][2], re.DOTALL)[1], CLEAN, "what it looks like")
        tap.same(leaves(mails[1])[0][2].strip(), "*", "no asterisks of ours")
        tap.require(all(len(line) <= 998 for raw in lab.mailbox("bob").raw() for line in raw.split(b"\r\n")), "lines fit")
        tap.same(leaves(mails[2])[0][2].split(), ["ä", "&"] * 3000, "a long text")
        tap.same([mail.get_content().strip() for mail in mails[3:]], ["see www.example.org, or ann@example.org", "1 < 2"], "plain")
        bob.forget()
        lab.leave(alice, bob)


tap.run()
