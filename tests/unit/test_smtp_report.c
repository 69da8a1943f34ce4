/* What is asked of servers about reports (RFC 3461), and mail that nobody shall answer: <>, or ourselves where that is refused. */
#include "smtp_fixture.h"

#define EHLO(words) "S: 220 hi", "C: EHLO [127.0.0.1]", "S- 250-me\r\n" words "250 8BITMIME\r\n"
#define DSN EHLO("250-DSN\r\n")
#define GO "C: DATA", "S: 354 go", "MAIL", "S: 250 ok", "WAIT"
#define OK "S: 250 ok"

/* sender_otherwise NULL: an ordinary mail. */
static void hand_over(Fixture *f, const char *sender, const char *sender_otherwise, const char *notify, const char *envelope_id,
                      const char *recipient)
{
    CoiSmtpRequest *request = coi_smtp_request_new(++f->tag);
    request->servers = g_ptr_array_new_with_free_func((GDestroyNotify)coi_server_free);
    g_ptr_array_add(request->servers, coi_server_new("localhost", f->peer->port, f->security));
    request->credentials = coi_credentials_new("ann", "secret");
    request->sender = g_strdup(sender);
    request->sender_otherwise = g_strdup(sender_otherwise);
    request->notify = notify;
    request->envelope_id = g_strdup(envelope_id);
    request->recipients = g_strsplit(recipient, ",", -1);
    request->mail = g_bytes_new_static("hi", 2);
    coi_smtp_link_send(f->link, request);
}

static void receipt(Fixture *f, const char *recipient)
{
    hand_over(f, "", "ann@example.org", "NEVER", NULL, recipient);
}

/* Each of these is one conversation, at whose end the mail was accepted. */
static void test_parameters(void)
{
    static const struct {
        const char *script[16];
        const char *sender, *notify, *envelope_id, *recipient;
    } table[] = {
        {{DSN, "C: MAIL FROM:<ann@example.org> RET=HDRS ENVID=chat$4f@example.org", OK,
          "C: RCPT TO:<bob@example.org> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;bob@example.org", OK, GO},
         "ann@example.org", "SUCCESS,FAILURE,DELAY", "chat$4f@example.org", "bob@example.org"},
        /* xtext: neither = nor + nor a space ends the value */
        {{DSN, "C: MAIL FROM:<ann@example.org> RET=HDRS ENVID=a+2Bb+3Dc+20d@e", OK,
          "C: RCPT TO:<b+x=y@example.org> NOTIFY=FAILURE ORCPT=rfc822;b+2Bx+3Dy@example.org", OK, GO},
         "ann@example.org", "FAILURE", "a+b=c d@e", "b+x=y@example.org"},
        /* nothing is asked that wasn't wanted, and nothing of a server that doesn't know the extension */
        {{DSN, FROM, OK, TO("bob"), OK, GO}, "ann@example.org", NULL, NULL, "bob@example.org"},
        {{EHLO(""), FROM, OK, TO("bob"), OK, GO}, "ann@example.org", "SUCCESS,FAILURE,DELAY", "chat$4f@example.org", "bob@example.org"},
        {{DSN, "C: MAIL FROM:<>", OK, "C: RCPT TO:<bob@example.org> NOTIFY=NEVER ORCPT=rfc822;bob@example.org", OK, GO},
         "", "NEVER", NULL, "bob@example.org"},
        {{EHLO(""), "C: MAIL FROM:<>", OK, TO("bob"), OK, GO}, "", "NEVER", NULL, "bob@example.org"},
        /* an address beyond ASCII has no rfc822 name */
        {{EHLO("250-DSN\r\n250-SMTPUTF8\r\n"), "C: MAIL FROM:<> SMTPUTF8", OK, "C: RCPT TO:<jörg@example.org> NOTIFY=NEVER", OK, GO},
         "", "NEVER", NULL, "jörg@example.org"}};
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        Fixture f;
        set_up(&f, 0, SCRIPTS(table[i].script));
        hand_over(&f, table[i].sender, NULL, table[i].notify, table[i].envelope_id, table[i].recipient);
        expect(&f, COI_SMTP_OPENED);
        SENT("A");
        tear_down(&f);
    }
}

#define OWN "C: MAIL FROM:<ann@example.org>"
#define NOBODY "C: MAIL FROM:<>"
#define NEVER "C: RCPT TO:<bob@example.org> NOTIFY=NEVER ORCPT=rfc822;bob@example.org"
#define RESET "C: RSET", OK
#define PIPELINED EHLO("250-PIPELINING\r\n250-DSN\r\n")

/* <> is refused by MAIL, or at RCPT, as servers do that look at the sender late: once more as ourselves, in the same session. */
static void test_own_address(void)
{
    static const struct {
        const char *script[24];
        const char *result;
    } table[] = {
        {{DSN, NOBODY, "S: 550 5.7.1 nobody sends here", RESET, OWN, OK, NEVER, OK, GO}, "A"},
        {{DSN, NOBODY, OK, NEVER, "S: 553 5.7.1 not owned by user ann", RESET, OWN, OK, NEVER, OK, GO}, "A"},
        {{PIPELINED, NOBODY, NEVER, "C: DATA", "S: 550 5.7.1 nobody", "S: 503 5.5.1 MAIL first", "S: 554 5.5.1 no recipients",
          "C: RSET", OWN, NEVER, "C: DATA", OK, OK, OK, "S: 354 go", "MAIL", OK, "WAIT"}, "A"},
        /* RFC 2920: 354 although nobody is left */
        {{PIPELINED, NOBODY, NEVER, "C: DATA", OK, "S: 553 not owned", "S: 354 go", "MAIL=", "S: 554 nobody to send to",
          "C: RSET", OWN, NEVER, "C: DATA", OK, OK, OK, "S: 354 go", "MAIL", OK, "WAIT"}, "A"},
        {{DSN, NOBODY, "S: 550 nobody", RESET, OWN, OK, NEVER, "S: 550 5.1.1 no such user", "WAIT"}, "R 550 5.1.1 no such user"}};
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        Fixture f;
        set_up(&f, 0, SCRIPTS(table[i].script));
        receipt(&f, "bob@example.org");
        expect(&f, COI_SMTP_OPENED);
        SENT(table[i].result);
        tear_down(&f);
    }
}

/* Accepted from <>, the text refused: that is the answer, it isn't sent twice. */
static void test_text_refused(void)
{
    Fixture f;
    set_up(&f, 0, SCRIPTS(SCRIPT(DSN, NOBODY, OK, NEVER, OK, "C: DATA", "S: 354 go", "MAIL", "S: 554 5.7.1 spam", "WAIT")));
    receipt(&f, "bob@example.org");
    expect(&f, COI_SMTP_OPENED);
    SENT("R 554 5.7.1 spam");
    tear_down(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/smtp-report/parameters", test_parameters);
    g_test_add_func("/smtp-report/own-address", test_own_address);
    g_test_add_func("/smtp-report/text-refused", test_text_refused);
    return g_test_run();
}
