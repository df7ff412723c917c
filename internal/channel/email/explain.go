package email

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strconv"
	"syscall"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-smtp"

	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/desk/mailauth"
)

// stage is how far a connection to a mail server came.
type stage string

const (
	stageTLS      stage = "start TLS"
	stageGreeting stage = "greet"
	stageSignIn   stage = "sign in"
	stageToken    stage = "sign in with the provider's token"
	stageMailbox  stage = "open the mailbox"
)

// stageError is an error with the stage at which it happened.
type stageError struct {
	stage stage
	err   error
}

func (e *stageError) Error() string { return string(e.stage) + ": " + e.err.Error() }
func (e *stageError) Unwrap() error { return e.err }

func failedAt(s stage, err error) error { return &stageError{s, err} }

var (
	errNoStartTLS = errors.New("the server does not offer STARTTLS")
	errNoAuth     = errors.New("the server does not offer authentication by")
)

// Problem says in plain words what is wrong with a connection: Key names a text of the catalogue and Params fills it
// in. Detail is the error itself, with the server's own words.
type Problem struct {
	Key    string            `json:"key"`
	Params map[string]string `json:"params"`
	Detail string            `json:"-"`
}

// ExplainSMTP says what an error of [Probe] means.
func ExplainSMTP(err error, s inbox.SMTPServer) Problem { return explain(err, s.Host, s.Port, "") }

// ExplainIMAP says what an error of [ProbeIMAP] means.
func ExplainIMAP(err error, s inbox.IMAPServer) Problem {
	return explain(err, s.Host, s.Port, s.Mailbox)
}

func explain(err error, host string, port int, mailbox string) Problem {
	return Problem{
		Key:    "email.problem." + classify(err),
		Params: map[string]string{"host": host, "port": strconv.Itoa(port), "mailbox": mailbox, "answer": answerOf(err)},
		Detail: oneLine(err.Error()),
	}
}

// classify returns the last part of the catalogue's key. What the server says comes before what the network does.
func classify(err error) string {
	at := stage("")
	var staged *stageError
	if errors.As(err, &staged) {
		at = staged.stage
	}
	var reply *smtp.SMTPError
	var status *imap.Error
	answered := errors.As(err, &reply) || errors.As(err, &status)
	var grant *mailauth.Failure
	switch {
	case errors.As(err, &grant):
		return "oauth_" + grant.Code
	case errors.Is(err, errNoServer):
		return "other"
	case errors.Is(err, errNoAuth):
		return "no_auth"
	case errors.Is(err, errNoStartTLS), answered && at == stageTLS:
		return "no_starttls"
	case answered && at == stageSignIn:
		return classifySignIn(reply, status)
	case answered && at == stageToken:
		if kind := classifySignIn(reply, status); kind == "rejected" {
			return kind
		}
		return "token"
	case answered && at == stageMailbox:
		return "mailbox"
	case answered:
		return "rejected"
	}
	if kind := classifyTLS(err, at); kind != "" {
		return kind
	}
	return classifyNetwork(err)
}

// classifySignIn tells a wrong password from a way to sign in that the server does not take: RFC 4954 §6 for SMTP,
// RFC 5530 §3 for IMAP.
func classifySignIn(reply *smtp.SMTPError, status *imap.Error) string {
	switch {
	case reply != nil && (reply.Code == 504 || reply.Code == 534 || reply.Code == 538 || reply.Code/10 == 50):
		return "no_auth"
	case reply != nil && reply.Code != 535 && reply.Code/100 == 4:
		return "rejected"
	case status != nil && status.Code == imap.ResponseCodePrivacyRequired, status != nil && status.Type == imap.StatusResponseTypeBad:
		return "no_auth"
	case status != nil && (status.Code == imap.ResponseCodeUnavailable || status.Type == imap.StatusResponseTypeBye):
		return "rejected"
	}
	return "password"
}

func classifyTLS(err error, at stage) string {
	var record tls.RecordHeaderError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	var alert tls.AlertError
	switch {
	case errors.As(err, &record):
		return "not_tls"
	case errors.As(err, &name):
		return "certificate_name"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "certificate_expired"
	case errors.As(err, &invalid), errors.As(err, &unknown):
		return "certificate_unknown"
	case errors.As(err, &alert):
		return "tls"
	}
	var network net.Error
	if at == stageTLS && !errors.As(err, &network) && !closed(err) && !errors.Is(err, context.DeadlineExceeded) {
		return "tls"
	}
	return ""
}

func classifyNetwork(err error) string {
	var dns *net.DNSError
	var network net.Error
	switch {
	case errors.As(err, &dns) && !dns.IsTimeout:
		return "dns"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "unreachable"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "timeout"
	case closed(err):
		return "closed"
	}
	return "other"
}

func closed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// answerOf returns what the server said, or the error where it said nothing.
func answerOf(err error) string {
	var reply *smtp.SMTPError
	if errors.As(err, &reply) {
		return strconv.Itoa(reply.Code) + " " + oneLine(reply.Message)
	}
	var status *imap.Error
	if errors.As(err, &status) {
		return oneLine(status.Text)
	}
	return oneLine(err.Error())
}
