// Command idp is the identity provider of the browser tests: a real OpenID Connect provider in which whoever the test
// says is signed in already.
//
// It prints its issuer as its first line. Each line on its standard input is a JSON object that says how it goes on, and
// is answered by "ok" on a line:
//
//	{"redirect_uri": "http://…"}                                    where it may send the browser back to
//	{"person": {"Subject": "1", "Email": "a@b.c", "Verified": true}} who is signed in
//	{"faults": {"Deny": "access_denied"}}                           how it misbehaves
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/foyerdesk/foyer/internal/desk/sso/ssotest"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "idp:", err)
		os.Exit(1)
	}
}

func run() error {
	p, err := ssotest.Start("127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(p.URL)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var command struct {
			RedirectURI string          `json:"redirect_uri"`
			Person      *ssotest.Person `json:"person"`
			Faults      *ssotest.Faults `json:"faults"`
		}
		if err := json.Unmarshal(in.Bytes(), &command); err != nil {
			return fmt.Errorf("command %q: %w", in.Text(), err)
		}
		if command.RedirectURI != "" {
			p.Allow(ssotest.ClientSecret, command.RedirectURI)
		}
		if command.Person != nil {
			p.SignedIn(*command.Person)
		}
		if command.Faults != nil {
			p.Misbehave(*command.Faults)
		}
		fmt.Println("ok")
	}
	return p.Close() // whoever started it is gone
}
