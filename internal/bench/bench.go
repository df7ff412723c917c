// Package bench loads a helpdesk server and measures it: the engine of "foyer bench load|hit|mail".
//
// It speaks only the public interface: the REST API and the agents' WebSocket, and SMTP and IMAP for mail. It knows
// nothing of how the server is built and must not import any of it, so that the same measurements can be made of
// every server that speaks this interface; the mailbox it delivers to is that of package sandbox. It changes what it touches: run it against a desk made for that.
package bench

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Command is the "bench" command with its subcommands, to be embedded in the command line's grammar.
type Command struct {
	Load LoadCmd `cmd:"" help:"Create conversations with messages through the API."`
	Hit  HitCmd  `cmd:"" help:"Measure API calls: rate, latency and errors of each."`
	Bulk BulkCmd `cmd:"" help:"Measure a change of many conversations at once, on a desk from bench fill."`
	Mail MailCmd `cmd:"" help:"Measure how fast arriving mail is filed and shown."`
}

// Target says which server is measured and as whom.
type Target struct {
	URL      string `default:"http://localhost:9000" env:"FOYER_BENCH_URL" help:"Root URL of the server."`
	Key      string `env:"FOYER_BENCH_KEY" placeholder:"KEY:SECRET" help:"API key to call with."`
	Email    string `env:"FOYER_BENCH_EMAIL" help:"Agent to sign in as; preferred to the key where both are given."`
	Password string `env:"FOYER_BENCH_PASSWORD" help:"The agent's password."`
}

// root returns the server's root URL without a slash at its end.
func (t Target) root() (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(t.URL, "/"))
	if err != nil {
		return nil, fmt.Errorf("read the server's URL: %w", err)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("the server's URL %q is not of the form http://host:port", t.URL)
	}
	return u, nil
}

// credentials are the header lines that authenticate a request, each ended by CRLF.
type credentials string

func (t Target) keyCredentials() (credentials, error) {
	key, secret, ok := strings.Cut(t.Key, ":")
	if !ok || key == "" || secret == "" {
		return "", errors.New("an API key has the form key:secret")
	}
	return credentials("Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(key+":"+secret)) + "\r\n"), nil
}

func sessionCredentials(session, csrf string) credentials {
	return credentials("Cookie: libredesk_session=" + session + "; csrf_token=" + csrf + "\r\nX-CSRFTOKEN: " + csrf + "\r\n")
}
