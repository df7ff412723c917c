package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
)

// MailCmd measures arriving mail. It makes an email inbox for the purpose and deletes it afterwards; the
// conversations stay. Without --imap it runs the mail servers itself, which a desk on the same machine can reach.
type MailCmd struct {
	Target
	Count   int           `default:"300" help:"Mails delivered at once, to measure the rate of filing."`
	Singles int           `default:"50" help:"Mails delivered one by one, to measure the time until an agent sees them."`
	Watch   bool          `help:"Ask for the first page of a list meanwhile, and say how long that takes."`
	Timeout time.Duration `default:"5m" help:"How long to wait for what was delivered."`
	Poll    string        `default:"1m" help:"The inbox's read interval: how often a server without IDLE looks for mail."`
	IMAP    string        `name:"imap" placeholder:"HOST:PORT" help:"IMAP server that holds the mailbox."`
	IMAPTLS string        `name:"imap-tls" enum:"none,starttls,tls" default:"none" help:"Encryption to it: none, starttls or tls."`
	User    string        `help:"Mailbox user on --imap."`
	Pass    string        `env:"FOYER_BENCH_MAIL_PASSWORD" help:"Mailbox password on --imap."`
	SMTP    string        `name:"smtp" placeholder:"HOST:PORT" help:"SMTP server for the inbox's replies; none are sent."`
	JSON    bool          `name:"json" help:"Print the result as JSON."`
}

// mostMails is how many mails can be told to be filed: a server may count a list no further than to 10,000, and one mail is ahead.
const mostMails = 9_998

// MailResult is what was measured of arriving mail.
type MailResult struct {
	Filed    int     `json:"filed"`
	Seconds  float64 `json:"seconds"`               // from the first mail's delivery to the last one's filing
	Rate     float64 `json:"rate"`                  // filed per second
	ListP50  float64 `json:"list_p50_ms,omitempty"` // of a list meanwhile, where it was watched
	ListP95  float64 `json:"list_p95_ms,omitempty"`
	ListP99  float64 `json:"list_p99_ms,omitempty"`
	Shown    int     `json:"shown"`
	ShownP50 float64 `json:"shown_p50_ms"` // accepted by the mail server → on the agents' WebSocket
	ShownP95 float64 `json:"shown_p95_ms"`
	ShownP99 float64 `json:"shown_p99_ms"`
}

// Run measures and prints.
func (cmd *MailCmd) Run(ctx context.Context) error {
	result, err := cmd.Measure(ctx)
	if err != nil {
		return err
	}
	if cmd.JSON {
		return json.NewEncoder(os.Stdout).Encode(result)
	}
	fmt.Printf("%d mails at once: all filed after %.2f s, %.0f/s\n", result.Filed, result.Seconds, result.Rate)
	if cmd.Watch {
		fmt.Printf("a list meanwhile: p50 %.1f ms, p95 %.1f ms, p99 %.1f ms\n", result.ListP50, result.ListP95, result.ListP99)
	}
	fmt.Printf("%d mails one by one, accepted → shown: p50 %.0f ms, p95 %.0f ms, p99 %.0f ms\n",
		result.Shown, result.ShownP50, result.ShownP95, result.ShownP99)
	return nil
}

// Measure delivers the mails and waits for them. It fails when one is not filed within the timeout.
func (cmd *MailCmd) Measure(ctx context.Context) (result MailResult, err error) {
	if cmd.Count < 1 || cmd.Count > mostMails || cmd.Singles < 1 {
		return result, fmt.Errorf("count must be from 1 to %d and singles at least 1", mostMails)
	}
	ctx, cancel := context.WithTimeout(ctx, cmd.Timeout)
	defer cancel()
	c, err := connect(ctx, cmd.Target)
	if err != nil {
		return result, err
	}
	box, err := cmd.mailbox()
	if err != nil {
		return result, err
	}
	defer box.close()
	inbox, err := cmd.createInbox(ctx, c, box)
	if err != nil {
		return result, err
	}
	defer func() {
		cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err = errors.Join(err, c.call(cleanup, "DELETE", "/api/v1/inboxes/"+strconv.Itoa(inbox), nil, nil))
	}()
	frames, err := listen(ctx, c)
	if err != nil {
		return result, err
	}
	defer frames.close()

	// One mail ahead: when it is there, the server has signed in to the mailbox and waits for the next.
	if _, err := cmd.single(ctx, box, frames); err != nil {
		return result, fmt.Errorf("wait for the first mail: %w", err)
	}
	if err := cmd.burst(ctx, c, box, inbox, &result); err != nil {
		return result, fmt.Errorf("deliver %d mails at once: %w", cmd.Count, err)
	}
	var shown samples
	for range cmd.Singles {
		took, err := cmd.single(ctx, box, frames)
		if err != nil {
			return result, fmt.Errorf("deliver a single mail: %w", err)
		}
		shown = append(shown, took)
	}
	row := summarise("", shown, 0, "", 0, 0)
	result.Shown, result.ShownP50, result.ShownP95, result.ShownP99 = len(shown), row.P50, row.P95, row.P99
	return result, nil
}

// burst delivers the mails at once, the first of which has been filed already.
func (cmd *MailCmd) burst(ctx context.Context, c *client, box *mailbox, inbox int, result *MailResult) (err error) {
	mails := make([][]byte, cmd.Count)
	for i := range mails {
		mails[i] = mailText(uuid.NewString())
	}
	if cmd.Watch {
		beside := c.watch(ctx)
		defer func() {
			list, failed := beside.stop()
			result.ListP50, result.ListP95, result.ListP99 = list.P50, list.P95, list.P99
			err = errors.Join(err, failed)
		}()
	}
	start := time.Now()
	var g errgroup.Group
	g.Go(func() error { return box.deliver(mails...) })
	query := "page_size=1&filters=" + url.QueryEscape(
		fmt.Sprintf(`[{"model":"conversations","field":"inbox_id","operator":"equals","value":"%d"}]`, inbox))
	var filed atomic.Int64
	stop := progress("mails filed", &filed, int64(cmd.Count))
	defer stop()
	for {
		p, err := c.conversations(ctx, query)
		if err != nil {
			return err
		}
		filed.Store(int64(p.Total - 1))
		if p.Total > cmd.Count {
			break
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d of %d filed: %w", p.Total-1, cmd.Count, ctx.Err())
		case <-time.After(untilNextLook(p.Total-1, cmd.Count, time.Since(start))):
		}
	}
	result.Filed, result.Seconds = cmd.Count, time.Since(start).Seconds()
	result.Rate = float64(cmd.Count) / result.Seconds
	return g.Wait()
}

// untilNextLook is how long to wait before asking again how many of count mails are filed, when so many were after some time. Each
// look costs the server a list and its total, time that it cannot file in: so it is an eighth of what the rest will take.
func untilNextLook(filed, count int, after time.Duration) time.Duration {
	rest := after * time.Duration(count-filed) / time.Duration(max(filed, 1))
	return min(max(rest/8, 10*time.Millisecond), 500*time.Millisecond)
}

// single delivers one mail and returns the time from its acceptance to the frame that shows it.
func (cmd *MailCmd) single(ctx context.Context, box *mailbox, f *frames) (time.Duration, error) {
	token := uuid.NewString()
	seen := f.expect(token)
	if err := box.deliver(mailText(token)); err != nil {
		return 0, err
	}
	accepted := time.Now()
	select {
	case at := <-seen:
		return max(0, at.Sub(accepted)), nil
	case <-f.done:
		return 0, fmt.Errorf("the WebSocket closed: %w", f.err)
	case <-ctx.Done():
		return 0, fmt.Errorf("no new_message frame: %w", ctx.Err())
	}
}

func mailText(token string) []byte {
	return fmt.Appendf(nil, "From: Customer <%[1]s@customer.example>\r\nTo: bench@bench.example\r\nSubject: Mail %[1]s\r\n"+
		"Message-ID: <%[1]s@customer.example>\r\nDate: %[2]s\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: text/plain; charset=utf-8\r\n\r\nHello,\r\n\r\nwhere is my parcel %[1]s?\r\n\r\nRegards\r\n",
		token, time.Now().Format(time.RFC1123Z))
}

func (cmd *MailCmd) createInbox(ctx context.Context, c *client, box *mailbox) (int, error) {
	imapHost, imapPort, err := hostPort(box.imap)
	if err != nil {
		return 0, err
	}
	smtpHost, smtpPort, err := hostPort(box.smtp)
	if err != nil {
		return 0, err
	}
	return c.createInbox(ctx, "Bench "+uuid.NewString()[:8], map[string]any{
		"auth_type": "password",
		"imap": []any{map[string]any{
			"host": imapHost, "port": imapPort, "username": box.user, "password": box.pass, "mailbox": "INBOX",
			"tls_type": cmd.IMAPTLS, "tls_skip_verify": true, "read_interval": cmd.Poll, "scan_inbox_since": "48h",
		}},
		"smtp": []any{map[string]any{
			"host": smtpHost, "port": smtpPort, "auth_protocol": "none", "tls_type": "none",
			"max_conns": 2, "max_msg_retries": 2, "idle_timeout": "15s", "pool_wait_timeout": "5s",
		}},
	})
}

func hostPort(address string) (string, int, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, fmt.Errorf("read the mail server's address: %w", err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return "", 0, fmt.Errorf("read the mail server's port: %w", err)
	}
	return host, n, nil
}

// frames listens on the agents' WebSocket for the frames that announce expected mails.
type frames struct {
	conn *websocket.Conn
	done chan struct{}
	err  error // valid when done is closed

	mu       sync.Mutex
	expected map[string]chan time.Time
}

func listen(ctx context.Context, c *client) (*frames, error) {
	header := c.header()
	header.Set("Origin", c.root.String())
	conn, res, err := websocket.Dial(ctx, c.root.String()+"/ws", &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		return nil, fmt.Errorf("open the WebSocket: %w", err)
	}
	if res.Body != nil {
		_ = res.Body.Close()
	}
	conn.SetReadLimit(1 << 20)
	f := &frames{conn: conn, done: make(chan struct{}), expected: map[string]chan time.Time{}}
	go f.read(ctx)
	return f, nil
}

// expect returns a channel that gets the time at which a new_message frame with the token arrives.
func (f *frames) expect(token string) <-chan time.Time {
	seen := make(chan time.Time, 1)
	f.mu.Lock()
	f.expected[token] = seen
	f.mu.Unlock()
	return seen
}

func (f *frames) read(ctx context.Context) {
	defer close(f.done)
	for {
		_, frame, err := f.conn.Read(ctx)
		if err != nil {
			f.err = err
			return
		}
		at := time.Now()
		if !bytes.Contains(frame, []byte(`"new_message"`)) {
			continue
		}
		f.mu.Lock()
		for token, seen := range f.expected {
			if bytes.Contains(frame, []byte(token)) {
				seen <- at
				delete(f.expected, token)
			}
		}
		f.mu.Unlock()
	}
}

func (f *frames) close() { _ = f.conn.CloseNow() }
