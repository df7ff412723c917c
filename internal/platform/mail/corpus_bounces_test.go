package mail

import (
	"fmt"
	"strings"
)

// bounced is a report of a mail server in the form of RFC 3464.
type bounced struct {
	name, from, subject, says string
	status                    []string // fields of the recipient, the first of which are Final-Recipient and Action
	original                  string   // of the part that repeats the message: message/rfc822 or text/rfc822-headers
	want                      Recipient
}

const failedAddress = "gone@y.test"

var reports = []bounced{
	{"postfix-unknown", "MAILER-DAEMON@mx.acme.test", "Undelivered Mail Returned to Sender", "This is the mail system at host mx.acme.test.\n\nI'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients. It's attached below.\n\n<gone@y.test>: host mx.y.test[192.0.2.7] said: 550 5.1.1 <gone@y.test>: Recipient\n    address rejected: User unknown (in reply to RCPT TO command)",
		[]string{"Final-Recipient: rfc822; gone@y.test", "Original-Recipient: rfc822;gone@y.test", "Action: failed", "Status: 5.1.1", "Remote-MTA: dns; mx.y.test", "Diagnostic-Code: smtp; 550 5.1.1 <gone@y.test>: Recipient address rejected:\r\n    User unknown"}, "message/rfc822",
		Recipient{failedAddress, failedAddress, Failed, "5.1.1", "550 5.1.1 <gone@y.test>: Recipient address rejected: User unknown"}},
	{"postfix-full", "MAILER-DAEMON@mx.acme.test", "Undelivered Mail Returned to Sender", "<gone@y.test>: host mx.y.test said: 552 5.2.2 Mailbox full",
		[]string{"Final-Recipient: rfc822; gone@y.test", "Action: failed", "Status: 5.2.2", "Diagnostic-Code: smtp; 552 5.2.2 Mailbox full"}, "text/rfc822-headers", Recipient{failedAddress, "", Failed, "5.2.2", "552 5.2.2 Mailbox full"}},
	{"postfix-delay", "MAILER-DAEMON@mx.acme.test", "Delayed Mail (still being retried)", "THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE.",
		[]string{"Final-Recipient: rfc822; gone@y.test", "Action: delayed", "Status: 4.4.1", "Diagnostic-Code: X-Postfix; connect to mx.y.test[192.0.2.7]:25: Connection timed out", "Will-Retry-Until: Sun, 08 Mar 2026 08:00:00 +0100 (CET)"}, "text/rfc822-headers", Recipient{failedAddress, "", Delayed, "4.4.1", "connect to mx.y.test[192.0.2.7]:25: Connection timed out"}},
	{"sendmail", "Mail Delivery Subsystem <MAILER-DAEMON@relay.acme.test>", "Returned mail: see transcript for details", "The original message was received at Mon, 2 Mar 2026 10:00:00 +0100\n\n   ----- The following addresses had permanent fatal errors -----\n<gone@y.test>\n    (reason: 550 5.1.1 User unknown)",
		[]string{"Final-Recipient: RFC822; gone@y.test", "Action: failed", "Status: 5.1.1", "Remote-MTA: DNS; mx.y.test", "Diagnostic-Code: SMTP; 550 5.1.1 User unknown", "Last-Attempt-Date: Mon, 2 Mar 2026 10:00:02 +0100"}, "message/rfc822", Recipient{failedAddress, "", Failed, "5.1.1", "550 5.1.1 User unknown"}},
	{"sendmail-warning", "Mail Delivery Subsystem <MAILER-DAEMON@relay.acme.test>", "Warning: could not send message for past 4 hours", "**********************************************\n**      THIS IS A WARNING MESSAGE ONLY      **",
		[]string{"Final-Recipient: RFC822; gone@y.test", "Action: delayed", "Status: 4.4.7", "Will-Retry-Until: Sat, 7 Mar 2026 10:00:00 +0100"}, "text/rfc822-headers", Recipient{failedAddress, "", Delayed, "4.4.7", ""}},
	{"exim-dsn", "Mail Delivery System <Mailer-Daemon@host.acme.test>", "Mail delivery failed: returning message to sender", "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  gone@y.test\n    Unrouteable address",
		[]string{"Action: failed", "Final-Recipient: rfc822;gone@y.test", "Status: 5.0.0", "Diagnostic-Code: X-Exim; Unrouteable address"}, "text/rfc822-headers", Recipient{failedAddress, "", Failed, "5.0.0", "Unrouteable address"}},
	{"exchange-2016", "Microsoft Outlook <postmaster@x.test>", "Undeliverable: Printer", "Delivery has failed to these recipients or groups:\n\ngone@y.test\nThe email address you entered couldn't be found.",
		[]string{"Final-recipient: RFC822; gone@y.test", "Action: failed", "Status: 5.1.1", "Diagnostic-code: smtp;550 5.1.1 RESOLVER.ADR.RecipNotFound; not found", "X-Display-Name: gone@y.test"}, "message/rfc822", Recipient{failedAddress, "", Failed, "5.1.1", "550 5.1.1 RESOLVER.ADR.RecipNotFound; not found"}},
	{"exchange-2016-de", "Microsoft Outlook <postmaster@x.test>", "Unzustellbar: Drucker", "Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Gruppen:",
		[]string{"Final-recipient: RFC822; gone@y.test", "Action: failed", "Status: 5.2.3", "Diagnostic-code: smtp;550 5.2.3 RESOLVER.RST.SendSizeLimit.Org; message too large for this recipient"}, "text/rfc822-headers", Recipient{failedAddress, "", Failed, "5.2.3", "550 5.2.3 RESOLVER.RST.SendSizeLimit.Org; message too large for this recipient"}},
	{"m365", "Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@x.test>", "Undeliverable: Printer", "Your message to gone@y.test couldn't be delivered.\n\ngone wasn't found at y.test.",
		[]string{"Final-Recipient: rfc822;gone@y.test", "Action: failed", "Status: 5.1.10", "Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient gone@y.test not found by SMTP address lookup"}, "message/rfc822", Recipient{failedAddress, "", Failed, "5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient gone@y.test not found by SMTP address lookup"}},
	{"gmail-unknown", "Mail Delivery Subsystem <mailer-daemon@googlemail.com>", "Delivery Status Notification (Failure)", "** Address not found **\n\nYour message wasn't delivered to gone@y.test because the address couldn't be found, or is unable to receive mail.",
		[]string{"Final-Recipient: rfc822; gone@y.test", "Action: failed", "Status: 5.1.1", "Remote-MTA: dns; gmail-smtp-in.l.google.com. (192.0.2.27, the server for the domain y.test.)", "Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist.\r\n 550 5.1.1 https://support.google.com/mail/?p=NoSuchUser - gsmtp"}, "message/rfc822", Recipient{failedAddress, "", Failed, "5.1.1", "550-5.1.1 The email account that you tried to reach does not exist. 550 5.1.1 https://support.google.com/mail/?p=NoSuchUser - gsmtp"}},
	{"gmail-delay", "Mail Delivery Subsystem <mailer-daemon@googlemail.com>", "Delivery Status Notification (Delay)", "** Delivery incomplete **\n\nThere was a temporary problem delivering your message to gone@y.test. Gmail will retry for 47 more hours.",
		[]string{"Final-Recipient: rfc822; gone@y.test", "Action: delayed", "Status: 4.4.1", "Diagnostic-Code: smtp; The recipient server did not accept our requests to connect."}, "message/rfc822", Recipient{failedAddress, "", Delayed, "4.4.1", "The recipient server did not accept our requests to connect."}},
	{"ses", "MAILER-DAEMON@amazonses.com", "Delivery Status Notification (Failure)", "An error occurred while trying to deliver the mail to the following recipients:\ngone@y.test",
		[]string{"Final-Recipient: rfc822;gone@y.test", "Action: failed", "Status: 5.1.1", "Remote-MTA: dns; mx.y.test", "Diagnostic-Code: smtp; 550 5.1.1 user unknown"}, "message/rfc822", Recipient{failedAddress, "", Failed, "5.1.1", "550 5.1.1 user unknown"}},
	{"yahoo", "Mail Delivery Subsystem <MAILER-DAEMON@yahoo.com>", "Failure Notice", "Sorry, we were unable to deliver your message to the following address.\n\n<gone@y.test>:\n554: 30: Sorry, your message to gone@y.test cannot be delivered. This mailbox is disabled (554.30).",
		[]string{"Final-Recipient: rfc822;gone@y.test", "Action: failed", "Status: 5.0.0", "Diagnostic-Code: smtp; 554 30 Sorry, your message cannot be delivered. This mailbox is disabled (554.30)."}, "text/rfc822-headers", Recipient{failedAddress, "", Failed, "5.0.0", "554 30 Sorry, your message cannot be delivered. This mailbox is disabled (554.30)."}},
	{"icloud", "Mail Delivery System <MAILER-DAEMON@icloud.com>", "Undelivered Mail Returned to Sender", "This is the system at host p00-icloudmta.",
		[]string{"Final-Recipient: rfc822; gone@y.test", "Action: failed", "Status: 5.2.2", "Diagnostic-Code: smtp; 552 5.2.2 <gone@y.test>: user is over quota"}, "message/rfc822", Recipient{failedAddress, "", Failed, "5.2.2", "552 5.2.2 <gone@y.test>: user is over quota"}},
	{"gmx", "GMX Mailer Daemon <mailer-daemon@gmx.net>", "Mail delivery failed: returning message to sender", "This message was created automatically by mail delivery software.\n\ngone@y.test:\nSMTP error from remote server for RCPT TO command",
		[]string{"Final-Recipient: rfc822;gone@y.test", "Action: failed", "Status: 5.0.0", "Diagnostic-Code: smtp;550 Requested action not taken: mailbox unavailable"}, "message/rfc822", Recipient{failedAddress, "", Failed, "5.0.0", "550 Requested action not taken: mailbox unavailable"}},
	{"mailgun", "Mail Delivery System <postmaster@mg.acme.test>", "Undeliverable: Printer", "The following message to gone@y.test was undeliverable.",
		[]string{"Final-Recipient: rfc822;gone@y.test", "Action: failed", "Status: 5.7.1", "Diagnostic-Code: smtp; 550 5.7.1 rejected by policy"}, "message/rfc822", Recipient{failedAddress, "", Failed, "5.7.1", "550 5.7.1 rejected by policy"}},
	{"sendgrid", "MAILER-DAEMON@sendgrid.net", "Undelivered Mail Returned to Sender", "This is an automatically generated message from SendGrid.",
		[]string{"Final-Recipient: rfc822;gone@y.test", "Action: failed", "Status: 5.0.0", "Diagnostic-Code: smtp; 550 No such user"}, "message/rfc822", Recipient{failedAddress, "", Failed, "5.0.0", "550 No such user"}},
	{"mimecast", "Mail Delivery System <postmaster@mimecast.com>", "[Postmaster] Email Delivery Failure", "This is a system-generated message to inform you that your email could not be delivered.",
		[]string{"Final-Recipient: rfc822; gone@y.test", "Action: failed", "Status: 5.1.1", "Diagnostic-Code: smtp; 550 Invalid Recipient - https://community.mimecast.com/docs/DOC-1369#550"}, "text/rfc822-headers", Recipient{failedAddress, "", Failed, "5.1.1", "550 Invalid Recipient - https://community.mimecast.com/docs/DOC-1369#550"}},
	{"proofpoint", "Mail Delivery Subsystem <MAILER-DAEMON@pphosted.com>", "Returned mail: see transcript for details", "   ----- The following addresses had permanent fatal errors -----",
		[]string{"Final-Recipient: RFC822; gone@y.test", "Action: failed", "Status: 5.7.1", "Diagnostic-Code: SMTP; 550 5.7.1 Blocked by Proofpoint"}, "message/rfc822", Recipient{failedAddress, "", Failed, "5.7.1", "550 5.7.1 Blocked by Proofpoint"}},
	{"ironport", "Mail Delivery System <MAILER-DAEMON@esa.y.test>", "Delivery Notification: Delivery has failed", "The following message to <gone@y.test> was undeliverable.\nThe reason for the problem:\n5.1.0 - Unknown address error 550-'5.1.1 unknown'",
		[]string{"Final-Recipient: rfc822;gone@y.test", "Action: failed", "Status: 5.1.0 (permanent failure)", "Diagnostic-Code: smtp; 5.1.0 - Unknown address error 550-'5.1.1 unknown' (delivery attempts: 0)"}, "message/rfc822", Recipient{failedAddress, "", Failed, "5.1.0", "5.1.0 - Unknown address error 550-'5.1.1 unknown' (delivery attempts: 0)"}},
	{"domino", "Postmaster@y.test", "DELIVERY FAILURE: User gone not listed in Domino Directory", "Your message\n\n  Subject: Printer\n\nwas not delivered to:\n\n  gone@y.test\n\nbecause:\n\n  User gone (gone@y.test) not listed in Domino Directory",
		[]string{"Final-Recipient: rfc822;gone@y.test", "Action: failed", "Status: 5.1.1", "Diagnostic-Code: X-Notes; User gone (gone@y.test) not listed in Domino Dir\r\n ectory"}, "message/rfc822", Recipient{failedAddress, "", Failed, "5.1.1", "User gone (gone@y.test) not listed in Domino Dir ectory"}},
	{"courier", "Courier mail server <postmaster@y.test>", "NOTICE: mail delivery status.", "This is a delivery status notification from y.test, running the Courier mail server.",
		[]string{"Final-Recipient: rfc822; gone@y.test", "Action: failed", "Status: 5.0.0", "Diagnostic-Code: smtp; 550 User unknown."}, "text/rfc822-headers", Recipient{failedAddress, "", Failed, "5.0.0", "550 User unknown."}},
	{"opensmtpd", "Mailer Daemon <MAILER-DAEMON@mx.acme.test>", "Delivery status notification: error", "Hi!\n\nThis is the MAILER-DAEMON, please DO NOT REPLY to this email.\n\nAn error has occurred while attempting to deliver a message for\nthe following list of recipients:\n\ngone@y.test: 550 Invalid recipient",
		[]string{"Final-Recipient: rfc822; gone@y.test", "Action: failed", "Status: 5.0.0"}, "message/rfc822", Recipient{failedAddress, "", Failed, "5.0.0", ""}},
	{"haraka", "MAILER-DAEMON@mx.acme.test", "failure notice", "Hi. This is the Haraka Mailer program at mx.acme.test.",
		[]string{"Original-Recipient: rfc822;gone@y.test", "Final-Recipient: rfc822;gone@y.test", "Action: failed", "Status: 5.1.2", "Diagnostic-Code: smtp;550 5.1.2 Bad destination system address"}, "message/rfc822", Recipient{failedAddress, failedAddress, Failed, "5.1.2", "550 5.1.2 Bad destination system address"}},
	{"mox", "postmaster@mx.acme.test", "mail delivery failure", "Delivery has FAILED permanently for your email.",
		[]string{"Final-Recipient: rfc822;gone@y.test", "Action: failed", "Status: 5.1.1", "Remote-MTA: dns;mx.y.test", "Diagnostic-Code: smtp; 550 5.1.1 no such user"}, "message/rfc822", Recipient{failedAddress, "", Failed, "5.1.1", "550 5.1.1 no such user"}},
	{"forwarded-address", "MAILER-DAEMON@mx.y.test", "Undelivered Mail Returned to Sender", "<new@z.test> (expanded from <gone@y.test>): unknown user",
		[]string{"Final-Recipient: rfc822; new@z.test", "Original-Recipient: rfc822;gone@y.test", "Action: failed", "Status: 5.1.1", "Diagnostic-Code: X-Postfix; unknown user: \"new\""}, "message/rfc822", Recipient{"new@z.test", failedAddress, Failed, "5.1.1", `unknown user: "new"`}},
	{"international", "MAILER-DAEMON@mx.acme.test", "Undelivered Mail Returned to Sender", "Nicht zustellbar.",
		[]string{"Final-Recipient: utf-8; gone@y.test", "Action: failed", "Status: 5.6.7", "Diagnostic-Code: smtp; 553 5.6.7 Größe"}, "message/rfc822", Recipient{failedAddress, "", Failed, "5.6.7", "553 5.6.7 Größe"}},
}

const repeated = "From: Acme Help <help@acme.test>\r\nTo: gone@y.test\r\nSubject: Printer\r\nMessage-ID: <r2@acme.test>\r\nDate: Mon, 02 Mar 2026 10:00:00 +0100\r\n"

func bounces() (out []sample) {
	for _, b := range reports {
		status := "Reporting-MTA: dns; mx.acme.test\r\nArrival-Date: Mon, 02 Mar 2026 10:00:00 +0100\r\n\r\n" + strings.Join(b.status, "\r\n") + "\r\n"
		original := repeated
		if b.original == "message/rfc822" {
			original += "\r\nPlease restart the printer.\r\n"
		}
		kind := map[string]string{"message/rfc822": "Printer.eml", "text/rfc822-headers": "headers.txt"}[b.original]
		body := part{fields: []string{`Content-Type: multipart/report; report-type=delivery-status; boundary="b47/mx.acme.test"`}, boundary: "b47/mx.acme.test", children: []part{
			textPart("plain", "utf-8", "8bit", b.says), {fields: []string{"Content-Type: message/delivery-status", "Content-Description: Delivery report"}, body: strings.ReplaceAll(status, "\r\n", "\n")},
			{fields: []string{"Content-Type: " + b.original, "Content-Description: Undelivered Message"}, body: strings.ReplaceAll(original, "\r\n", "\n")}}}
		h := letterhead{id: "bounce-" + b.name, subject: b.subject, from: b.from, to: "help@acme.test"}
		raw := strings.Replace(h.write(body), "Return-Path: <bo@x.test>", "Return-Path: <>", 1)
		want := h.reading()
		from, err := ParseAddress(b.from)
		if err != nil {
			panic(err)
		}
		want.From, want.To = []string{from.Name + " <" + from.Email + ">"}, []string{" <help@acme.test>"}
		want.Text, want.DSN, want.Automatic = b.says, true, "delivery report"
		want.Own = inOneLine(b.says)
		want.Parts = []string{fmt.Sprintf("attachment | message/delivery-status | delivery-status.txt |  | %s", status), fmt.Sprintf("attachment | %s | %s |  | %s", b.original, kind, original)}
		want.Bounce = &Report{OriginalID: "r2@acme.test", Recipients: []Recipient{b.want}}
		out = append(out, sample{"bounces/dsn-" + b.name, raw, want})
	}
	return out
}
