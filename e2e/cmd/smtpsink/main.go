// Command smtpsink is the mail server that the browser tests let the desk send to. It takes every mail, writes it to a
// folder as NNNNNN.eml with its envelope in NNNNNN.json, and misbehaves on command.
//
// It prints the port it listens on as its first line. Each line on its standard input says how it treats what follows:
//
//	accept                       take every mail (the default)
//	cut                          take the mail, then close the connection instead of answering
//	rcpt 550 5.1.1 No such user  refuse every recipient in these words
//	rcpt=a@b.test 450 4.2.0 Busy refuse this recipient
//	data 451 4.3.0 Try later     refuse every mail in these words, after reading it
//
// and is answered by "ok" on a line.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/emersion/go-smtp"
)

func main() {
	dir := flag.String("dir", ".", "folder for the mails")
	flag.Parse()
	if err := run(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "smtpsink:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	s := &sink{dir: dir, mode: "accept"}
	server := smtp.NewServer(s)
	server.Domain = "localhost"
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)

	commands := make(chan string)
	go func() {
		defer close(commands)
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			commands <- in.Text()
		}
	}()
	for {
		select {
		case err := <-failed:
			return fmt.Errorf("serve: %w", err)
		case command, open := <-commands:
			if !open { // whoever started it is gone
				return server.Close()
			}
			if err := s.setMode(command); err != nil {
				return err
			}
			fmt.Println("ok")
		}
	}
}

type sink struct {
	dir string

	mu      sync.Mutex
	mode    string // accept, cut, rcpt, data
	refusal *smtp.SMTPError
	refused string // the recipient refused; "" for all
	count   int
}

func (s *sink) setMode(command string) error {
	mode, words, _ := strings.Cut(command, " ")
	mode, refused, _ := strings.Cut(mode, "=")
	var refusal *smtp.SMTPError
	switch mode {
	case "accept", "cut":
	case "rcpt", "data":
		refusal = &smtp.SMTPError{}
		e := &refusal.EnhancedCode
		if _, err := fmt.Sscanf(words, "%d %d.%d.%d", &refusal.Code, &e[0], &e[1], &e[2]); err != nil {
			return fmt.Errorf("command %q: %w", command, err)
		}
		if parts := strings.SplitN(words, " ", 3); len(parts) == 3 {
			refusal.Message = parts[2]
		}
	default:
		return fmt.Errorf("command %q is unknown", command)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mode, s.refusal, s.refused = mode, refusal, refused
	return nil
}

func (s *sink) present() (mode string, refusal *smtp.SMTPError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mode, s.refusal
}

// refusalOf returns the words in which a recipient is refused, nil for none.
func (s *sink) refusalOf(to string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mode != "rcpt" || (s.refused != "" && s.refused != to) {
		return nil
	}
	return s.refusal
}

// record writes the mail, then its envelope: a mail whose envelope is there is complete.
func (s *sink) record(envelope map[string]any, raw []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	name := filepath.Join(s.dir, fmt.Sprintf("%06d", s.count))
	if err := os.WriteFile(name+".eml", raw, 0o600); err != nil {
		return err
	}
	data, err := json.Marshal(envelope)
	if err != nil {
		return err
	}
	if err := os.WriteFile(name+".tmp", data, 0o600); err != nil {
		return err
	}
	return os.Rename(name+".tmp", name+".json")
}

func (s *sink) NewSession(c *smtp.Conn) (smtp.Session, error) { return &session{sink: s, conn: c}, nil }

type session struct {
	sink *sink
	conn *smtp.Conn
	from string
	to   []string
}

func (s *session) Reset()        { s.from, s.to = "", nil }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if refusal := s.sink.refusalOf(to); refusal != nil {
		return refusal
	}
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	mode, refusal := s.sink.present()
	if mode == "data" {
		return refusal
	}
	envelope := map[string]any{"from": s.from, "to": s.to, "answered": mode != "cut"}
	if err := s.sink.record(envelope, raw); err != nil {
		return err
	}
	if mode == "cut" {
		_ = s.conn.Conn().Close()
		return errors.New("connection cut on command")
	}
	return nil
}
