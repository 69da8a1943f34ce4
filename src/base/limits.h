/* Every bound on what comes from the network, each with its reason (DESIGN section 7). */
#pragma once

/* GMime recurses without bound in address groups; 64 KiB of headers keep that recursion on the stack. */
#define COI_LIMIT_HEADER_BLOCK (64u * 1024)
#define COI_LIMIT_HEADER_LINE (32u * 1024)
/* Beyond these a mail is an attack, not a letter. */
#define COI_LIMIT_MIME_PARTS 1000u
#define COI_LIMIT_MIME_DEPTH 50u
/* libetpan keeps a whole line in memory. */
#define COI_LIMIT_IMAP_LINE (1024u * 1024)
/* One command's answer; also bounds what libetpan's response buffer can grow to. */
#define COI_LIMIT_IMAP_RESPONSE (64u * 1024 * 1024)
/* libetpan's recursive parser needs about 400 bytes of stack a level. */
#define COI_LIMIT_IMAP_DEPTH 500u
/* libetpan moves larger strings to a file in /tmp: mail text must not get there. */
#define COI_LIMIT_IMAP_LITERAL (7u * 1024 * 1024)
/* What is fetched of a message before anybody asks for more; a chat line fits many times over. */
#define COI_LIMIT_FIRST_FETCH (256u * 1024)
/* A line of SMTP: RFC 5321 says 512 and real servers exceed it. */
#define COI_LIMIT_SMTP_LINE (8u * 1024)
#define COI_LIMIT_SMTP_LINES 200u
/* RFC 5321 4.5.3.1.3: 256 for a path; some room for IDNA. */
#define COI_LIMIT_ADDRESS 320u
#define COI_LIMIT_RECIPIENTS 500u
/* Message-IDs longer than a header line of RFC 5322 are replaced by a hash. */
#define COI_LIMIT_MESSAGE_ID 990u
#define COI_LIMIT_REFERENCES 100u
/* A shown line; the rest is folded. */
#define COI_LIMIT_SHOWN_LINE (64u * 1024)
/* Text that the user may send in one message. */
#define COI_LIMIT_SENT_TEXT (1024u * 1024)
/* The same with formatting, which is mostly entities and tags. */
#define COI_LIMIT_SENT_HTML (8u * COI_LIMIT_SENT_TEXT)
/* Lines handed to the client and not yet acknowledged: what a crash may write twice. */
#define COI_LIMIT_UNACKNOWLEDGED 20u
/* Mail that no user wrote, a day and account, and of it the share of typing: a loop of machines stays small. */
#define COI_LIMIT_AUTOMATIC 300u
#define COI_LIMIT_AUTOMATIC_TYPING 100u
/* Who goes on writing says so again after this long, and no sooner. */
#define COI_TYPING_AGAIN_SECONDS 25
/* First login: how far back an unread chat is still news. */
#define COI_FIRST_LOGIN_HEADERS 1000u
#define COI_FIRST_LOGIN_DAYS 14
/* Lines of one listing, and finds of one search: what a person reads at once, and what a server is asked for. */
#define COI_LIMIT_HISTORY 500u
#define COI_LIMIT_FINDS 20u
/* The main loop works events off in slices of this length; one event that writes a log may take 3 ms more. */
#define COI_SLICE_USEC 2000
