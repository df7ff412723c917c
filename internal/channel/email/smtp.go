package email

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"

	"github.com/emersion/go-smtp"
	"golang.org/x/net/idna"

	"github.com/foyerdesk/foyer/internal/desk/inbox"
)

// Recipient is a recipient that a server would not take, with its reply.
type Recipient struct {
	Address string
	Code    int
	Status  string // RFC 3463, such as 5.1.1; made of Code where the server gives none
	Message string
}

// forGood reports whether another attempt will not fare better (RFC 5321 §4.2.1).
func (r Recipient) forGood() bool { return r.Code/100 == 5 }

func refusal(address string, reply *smtp.SMTPError) Recipient {
	status := reply.EnhancedCode
	if status[0] <= 0 {
		status = smtp.EnhancedCode{reply.Code / 100, 0, 0}
	}
	return Recipient{Address: address, Code: reply.Code, Status: fmt.Sprintf("%d.%d.%d", status[0], status[1], status[2]), Message: oneLine(reply.Message)}
}

// refusals are the replies to several recipients, each with whom it is about.
func refusals(list []Recipient) error {
	words := make([]string, len(list))
	for i, r := range list {
		words[i] = fmt.Sprintf("%s: %d %s", r.Address, r.Code, r.Message)
	}
	return errors.New(strings.Join(words, "; "))
}

// Result is what became of an attempt to hand a mail to a server.
type Result struct {
	// Sent means that the server took responsibility for the mail (RFC 5321 §4.2.5), for everybody who is not in
	// Refused.
	Sent    bool
	Refused []Recipient
	// Err says why the mail was not sent; Temporary, that another attempt may succeed (RFC 5321 §4.2.1: replies 4yz,
	// and everything that is not a reply).
	Err       error
	Temporary bool
	// AfterData means that the connection was lost after the end of the mail, before the reply: the server may have
	// taken it (RFC 1047).
	AfterData bool
	// Shut is the server that keeps the whole inbox from sending, not just this mail: it cannot be reached, or refuses whom
	// we sign in as or the sender. Nil if the mail got further.
	Shut *inbox.SMTPServer
}

// Sender hands mails to the outgoing servers of one inbox. It is safe for concurrent use, and needs no Close to be
// forgotten: idle connections end by themselves.
type Sender struct {
	cfg   inbox.EmailConfig
	pools []*pool
}

// NewSender returns a sender for an inbox's settings, secrets included. tokens is nil unless it signs in with OAuth.
func NewSender(cfg inbox.EmailConfig, tokens Tokens) *Sender {
	return newSender(cfg, defaultPatience, tokens)
}

func newSender(cfg inbox.EmailConfig, wait patience, tokens Tokens) *Sender {
	s := &Sender{cfg: cfg}
	for _, server := range cfg.SMTP {
		s.pools = append(s.pools, newPool(server, wait, tokens))
	}
	return s
}

// sender returns the sender of an inbox, made anew when the settings are not those it was made of.
func (c *Channel) sender(inboxID int64, cfg inbox.EmailConfig) *Sender {
	tokens := c.tokens(inboxID, &cfg)
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.senders[inboxID]
	if s == nil || !reflect.DeepEqual(s.cfg, cfg) {
		s = NewSender(cfg, tokens)
		c.senders[inboxID] = s
	}
	return s
}

// Close ends the connections that are idle; those in use end when their mail is through.
func (s *Sender) Close() {
	for _, p := range s.pools {
		p.close()
	}
}

var errNoServer = errors.New("the inbox has no server for outgoing mail")

// Send hands one mail to one of the servers, chosen at random; the next is asked when one cannot be reached or will not
// let us in. A recipient that is refused does not keep the mail from the others.
func (s *Sender) Send(ctx context.Context, from string, recipients []string, data []byte) (res Result) {
	if len(s.pools) == 0 {
		return Result{Err: errNoServer, Shut: &inbox.SMTPServer{}}
	}
	m := &mailing{from: from, recipients: recipients, data: data}
	temporary := false
	for _, i := range rand.Perm(len(s.pools)) {
		var reached bool
		if res, reached = s.pools[i].send(ctx, m); reached || ctx.Err() != nil {
			return res
		}
		temporary = temporary || res.Temporary
	}
	res.Temporary = temporary
	return res
}

// send delivers over one server; reached is false if it did not get as far as the mail.
func (p *pool) send(ctx context.Context, m *mailing) (res Result, reached bool) {
	for {
		c, err := p.take(ctx)
		if err != nil {
			return Result{Err: fmt.Errorf("%s: %w", p.server.Host, err), Temporary: isTemporary(err), Shut: &p.server}, false
		}
		stop := context.AfterFunc(ctx, func() { _ = c.Close() })
		a := &attempt{mailing: m, c: c}
		a.run()
		usable := stop() && a.usable
		p.give(c, usable)
		if a.stale && c.reused && ctx.Err() == nil {
			continue // the server had ended the idle connection; nothing of this mail was sent
		}
		if a.res.Err != nil {
			a.res.Err = joinContext(ctx, a.res.Err)
		}
		if a.shut {
			a.res.Shut = &p.server
		}
		return a.res, true
	}
}

// mailing is a mail with its envelope.
type mailing struct {
	from       string
	recipients []string
	data       []byte
}

// attempt is one SMTP transaction (RFC 5321 §3.3).
type attempt struct {
	*mailing
	c      *pooled
	res    Result
	stale  bool // failed at the first command, as a connection does that the server has ended
	shut   bool // the server takes nothing of this sender
	usable bool // the connection can carry another mail
}

func (a *attempt) run() {
	utf8, err := a.begin()
	if err != nil {
		a.fail("announce the sender", err)
		a.shut = !refusesSize(err)
		return
	}
	accepted, err := a.address(utf8)
	if err != nil {
		a.fail("announce a recipient", err)
		return
	}
	if accepted == 0 {
		a.refuseAll()
		return
	}
	w, err := a.c.Data()
	if err != nil {
		a.fail("begin the mail", err)
		return
	}
	if _, err := w.Write(a.data); err != nil {
		// Without its end the mail is not accepted (RFC 5321 §4.1.1.4); the connection must not be used to end it.
		a.lost("send the mail", err)
		return
	}
	if err := w.Close(); err != nil {
		var reply *smtp.SMTPError
		a.res.AfterData = !errors.As(err, &reply)
		a.fail("hand over the mail", err)
		return
	}
	a.res.Sent, a.usable = true, true
}

// begin announces the sender. utf8 says whether addresses may be written in any script (RFC 6531).
func (a *attempt) begin() (utf8 bool, err error) {
	offered, _ := a.c.Extension("SMTPUTF8")
	utf8 = offered && (a.international() || !ascii(headerOf(a.data)))
	from, err := wireAddress(a.from, utf8)
	if err != nil {
		return utf8, err
	}
	err = a.c.Mail(from, &smtp.MailOptions{Size: int64(len(a.data)), UTF8: utf8})
	a.stale = err != nil && lostConnection(err)
	return utf8, err
}

// address announces the recipients and notes those that are refused. An error means that the connection is lost.
func (a *attempt) address(utf8 bool) (accepted int, err error) {
	for _, to := range a.recipients {
		wire, err := wireAddress(to, utf8)
		if err == nil {
			err = a.c.Rcpt(wire, nil)
		}
		var reply *smtp.SMTPError
		switch {
		case err == nil:
			accepted++
		case errors.As(err, &reply) && reply.Code != serviceClosing:
			a.res.Refused = append(a.res.Refused, refusal(to, reply))
		default:
			return accepted, err
		}
	}
	return accepted, nil
}

// refuseAll is the end of a mail that nobody may have: temporary if for one recipient it may be different later.
func (a *attempt) refuseAll() {
	for _, r := range a.res.Refused {
		a.res.Temporary = a.res.Temporary || !r.forGood()
	}
	a.res.Err = refusals(a.res.Refused)
	if len(a.recipients) == 0 {
		a.res.Err = errors.New("the mail has no recipient")
	}
	a.usable = a.c.Reset() == nil
}

// fail ends the attempt with an error and, where the connection still stands, makes it ready for the next mail.
func (a *attempt) fail(doing string, err error) {
	a.res.Err, a.res.Temporary = fmt.Errorf("%s: %w", doing, err), isTemporary(err)
	var reply *smtp.SMTPError
	if errors.As(err, &reply) {
		a.res.Err = answer{reply}
	}
	a.usable = !lostConnection(err) && a.c.Reset() == nil
}

// answer is a reply of a server, in the server's words alone: people read it.
type answer struct{ *smtp.SMTPError }

func (a answer) Error() string { return fmt.Sprintf("%d %s", a.Code, oneLine(a.Message)) }
func (a answer) Unwrap() error { return a.SMTPError }

func (a *attempt) lost(doing string, err error) {
	a.res.Err, a.res.Temporary = fmt.Errorf("%s: %w", doing, err), true
}

// serviceClosing is the reply after which the server closes the connection (RFC 5321 §3.8).
const serviceClosing = 421

// lostConnection reports whether err means that the connection cannot be used any further.
func lostConnection(err error) bool {
	var reply *smtp.SMTPError
	return !errors.As(err, &reply) || reply.Code == serviceClosing
}

// refusesSize reports whether a server refused a mail for the size that was announced with its sender (RFC 1870 §6.1).
func refusesSize(err error) bool {
	var reply *smtp.SMTPError
	return errors.As(err, &reply) && (reply.Code == 552 || reply.Code == 452)
}

// isTemporary reports whether another attempt may fare better than one that failed with err (RFC 5321 §4.2.1).
func isTemporary(err error) bool {
	var reply *smtp.SMTPError
	if errors.As(err, &reply) {
		return reply.Code/100 != 5
	}
	return !errors.Is(err, errNoAuth)
}

// international reports whether an address of the envelope needs a script beyond ASCII.
func (m *mailing) international() bool {
	for _, to := range m.recipients {
		if !ascii(to) {
			return true
		}
	}
	return !ascii(m.from)
}

func ascii[T string | []byte](s T) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func headerOf(data []byte) []byte {
	head, _, _ := bytes.Cut(data, []byte("\r\n\r\n"))
	return head
}

// wireAddress returns an address as it goes over the wire: as it is where the server takes any script, else with its
// domain in ASCII (RFC 5890). An address that cannot be said to this server is refused as the server would do it.
func wireAddress(address string, utf8 bool) (string, error) {
	if strings.ContainsAny(address, "<>\r\n\x00") {
		return "", &smtp.SMTPError{Code: 501, EnhancedCode: smtp.EnhancedCode{5, 1, 3}, Message: "the address is not well formed"}
	}
	if utf8 || ascii(address) {
		return address, nil
	}
	at := strings.LastIndexByte(address, '@')
	domain, err := idna.Lookup.ToASCII(address[at+1:])
	if err != nil || at < 0 || !ascii(address[:at]) {
		return "", &smtp.SMTPError{Code: 553, EnhancedCode: smtp.EnhancedCode{5, 6, 7}, Message: "the server does not take international addresses"}
	}
	return address[:at+1] + domain, nil
}

// oneLine puts text of several lines on one.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
