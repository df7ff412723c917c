package app_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/foyerdesk/foyer/internal/sandbox"
)

// dovecotBinary is where Debian's package has the server.
const dovecotBinary = "/usr/sbin/dovecot"

// dovecot is a mail server that nobody here wrote. An account is made when somebody signs in to it; all have one password.
type dovecot struct {
	addr     string
	accounts int
}

// startDovecot runs Dovecot until the test ends; it skips the test where it is not installed.
func startDovecot(t *testing.T) *dovecot {
	t.Helper()
	if _, err := os.Stat(dovecotBinary); err != nil {
		t.Skip("Dovecot is not installed")
	}
	dir, err := os.MkdirTemp("", "foyer-dovecot-") // short, for its sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	d := &dovecot{addr: freeAddr(t)}
	_, port := hostPort(d.addr)
	file := filepath.Join(dir, "dovecot.conf")
	if err := os.WriteFile(file, []byte(dovecotConfig(t, dir, port)), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd := exec.Command(dovecotBinary, "-F", "-c", file) //nolint:gosec // a file made here
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		if log, err := os.ReadFile(filepath.Join(dir, "log")); t.Failed() && err == nil { //nolint:gosec // made here
			t.Logf("Dovecot said:\n%s%s", said.String(), log)
		}
	})
	eventually(t, "Dovecot to listen", func() bool {
		c, err := net.Dial("tcp", d.addr)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return d
}

// dovecotConfig is as that of the browser tests. Mail must not belong to root: root's belongs to the user "mail".
func dovecotConfig(t *testing.T, dir string, port int) string {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	users, owner := fmt.Sprintf("default_login_user = %[1]s\ndefault_internal_user = %[1]s\n", me.Username), me
	mails := filepath.Join(dir, "mail")
	if err := os.Mkdir(mails, 0o755); err != nil { //nolint:gosec // its processes run as users of their own
		t.Fatal(err)
	}
	if me.Uid == "0" {
		if owner, err = user.Lookup("mail"); err != nil {
			t.Fatal(err)
		}
		users = ""
		uid, _ := strconv.Atoi(owner.Uid)
		gid, _ := strconv.Atoi(owner.Gid)
		if err := os.Chown(mails, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // as above
		t.Fatal(err)
	}
	return fmt.Sprintf(`%[1]sbase_dir = %[2]s/run
state_dir = %[2]s/state
log_path = %[2]s/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:%[2]s/mail/%%u
first_valid_uid = 1
default_vsz_limit = 0
passdb {
  driver = static
  args = password=secret
}
namespace inbox {
  inbox = yes
  mailbox Gesendet {
    auto = create
    special_use = \Sent
  }
}
userdb {
  driver = static
  args = uid=%[3]s gid=%[4]s home=%[2]s/mail/%%u
}
service imap-login {
  chroot =
  inet_listener imap {
    port = %[5]d
  }
  inet_listener imaps {
    port = 0
  }
}
service anvil {
  chroot =
}
`, users, dir, owner.Uid, owner.Gid, port)
}

// startMail runs mail servers with a mailbox of their own for a scenario: at Dovecot, if the office has its mail there.
func (o *office) startMail() *sandbox.Servers {
	o.t.Helper()
	s := startMail(o.t)
	if o.dovecot != nil {
		o.dovecot.accounts++
		s.User, s.IMAPAddr = fmt.Sprintf("account%d", o.dovecot.accounts), o.dovecot.addr
	}
	return s
}

// deliver puts a mail into the mailbox that the desk reads.
func (o *office) deliver(s *sandbox.Servers, raw []byte) {
	o.t.Helper()
	if o.dovecot == nil {
		o.desk.deliver(s, raw)
		return
	}
	m := openMailbox(o.t, s)
	m.put("INBOX", raw)
	_ = m.Close()
}
