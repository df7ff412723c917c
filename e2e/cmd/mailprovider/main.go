// Command mailprovider is the provider of mailboxes of the browser tests: it speaks OAuth 2.0 as Google and Microsoft do, and
// whoever the test says agrees to everything.
//
// It prints its address as its first line. Each line on its standard input is a JSON object that says how it goes on, and is
// answered by "ok" on a line:
//
//	{"account": "help@acme.test"}         whose mailbox it is
//	{"faults": {"Deny": "access_denied"}} how it misbehaves
//	{"revoke": true}                      ends what was agreed to
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/mailauth/mailauthtest"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "mailprovider:", err)
		os.Exit(1)
	}
}

func run() error {
	p, err := mailauthtest.Start("127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(p.URL)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var command struct {
			Account string               `json:"account"`
			Faults  *mailauthtest.Faults `json:"faults"`
			Revoke  bool                 `json:"revoke"`
		}
		if err := json.Unmarshal(in.Bytes(), &command); err != nil {
			return fmt.Errorf("command %q: %w", in.Text(), err)
		}
		if command.Account != "" {
			p.SignedIn(command.Account, time.Hour)
		}
		if command.Faults != nil {
			p.Misbehave(*command.Faults)
		}
		if command.Revoke {
			p.Revoke()
		}
		fmt.Println("ok")
	}
	return p.Close() // whoever started it is gone
}
