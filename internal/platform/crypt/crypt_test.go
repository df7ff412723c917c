package crypt_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/crypt"
)

func box(t *testing.T) *crypt.Box {
	t.Helper()
	b, err := crypt.NewBox([]byte(strings.Repeat("k", crypt.KeySize)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSealedSecretOpensOnlyInItsPlace(t *testing.T) {
	b := box(t)
	sealed := b.Seal("inbox.1", "s3cret")
	if !strings.HasPrefix(sealed, "enc:") || strings.Contains(sealed, "s3cret") {
		t.Fatalf("sealed = %q", sealed)
	}
	if got, err := b.Open("inbox.1", sealed); err != nil || got != "s3cret" {
		t.Fatalf("Open = %q, %v", got, err)
	}
	for place, v := range map[string]string{"inbox.2": sealed, "inbox.1": sealed[:len(sealed)-4] + "AAAA", "x": "clear", "y": "enc:!"} {
		if _, err := b.Open(place, v); !errors.Is(err, crypt.ErrUnreadable) {
			t.Errorf("Open(%s, %s): err = %v", place, v, err)
		}
	}
	if b.Seal("p", "") != "" {
		t.Error("an empty secret was sealed")
	}
}

func TestKeyOfAnotherLengthIsRefused(t *testing.T) {
	if _, err := crypt.NewBox(make([]byte, 31)); err == nil {
		t.Fatal("31 bytes were accepted")
	}
}

func TestGeneratedKeyIsPrivateAndStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub", "key")
	one, err := crypt.LoadOrCreateKeys(path)
	if err != nil || len(one) != 1 {
		t.Fatal(err)
	}
	two, err := crypt.LoadOrCreateKeys(path)
	if err != nil || len(two) != 1 || string(one[0]) != string(two[0]) {
		t.Fatalf("second read: %v", err)
	}
	if st, _ := os.Stat(path); st.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v", st.Mode())
	}
}

func TestKeysInAFileAreReplacedWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	first, err := crypt.LoadOrCreateKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", []byte("left by a crash"), 0o600); err != nil {
		t.Fatal(err)
	}
	next := crypt.NewKey()
	if err := crypt.ReplaceKeys(path, [][]byte{next, first[0]}); err != nil {
		t.Fatal(err)
	}
	both, err := crypt.LoadOrCreateKeys(path)
	if err != nil || len(both) != 2 || string(both[0]) != string(next) || string(both[1]) != string(first[0]) {
		t.Fatalf("%d keys, %v", len(both), err)
	}
	if st, _ := os.Stat(path); st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", st.Mode())
	}
	for _, broken := range []string{"", "x", strings.Repeat("ab", 31), strings.Repeat("ab", 32) + "\nx"} {
		if err := os.WriteFile(path, []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := crypt.LoadOrCreateKeys(path); err == nil {
			t.Errorf("%q was read as keys", broken)
		}
	}
}

func TestANewKeyReadsWhatThePreviousOneMade(t *testing.T) {
	old, current := []byte(strings.Repeat("k", crypt.KeySize)), []byte(strings.Repeat("n", crypt.KeySize))
	before := box(t)
	during, err := crypt.NewBox(current, old)
	if err != nil {
		t.Fatal(err)
	}
	after, err := crypt.NewBox(current)
	if err != nil {
		t.Fatal(err)
	}
	sealed := before.Seal("p", "s3cret")
	parts := strings.Split(sealed, ":")
	if len(parts) != 3 || len(parts[1]) != 8 {
		t.Fatalf("sealed = %q", sealed)
	}
	withoutID := parts[0] + ":" + parts[2]
	for _, v := range []string{sealed, withoutID} {
		if got, err := during.Open("p", v); err != nil || got != "s3cret" {
			t.Errorf("Open(%s) = %q, %v", v, got, err)
		}
		if _, err := after.Open("p", v); !errors.Is(err, crypt.ErrUnreadable) {
			t.Errorf("without the previous key: %v", err)
		}
		again, r := v, crypt.Resealer{Box: during}
		r.Reseal("p", &again)
		if got, err := after.Open("p", again); err != nil || got != "s3cret" || r.Resealed != 1 {
			t.Errorf("resealed: %q, %v", got, err)
		}
	}
	elsewhere, none, r := sealed, "", crypt.Resealer{Box: during}
	r.Reseal("other place", &elsewhere)
	r.Reseal("p", &none)
	if elsewhere != sealed || none != "" || r.Resealed != 0 || r.Unreadable != 1 {
		t.Errorf("%+v: %q and %q", r, elsewhere, none)
	}
	signature := before.Sign("media", "u")
	if !during.Verify("media", "u", signature) || after.Verify("media", "u", signature) {
		t.Error("signatures of the previous key hold as long as it is known, and no longer")
	}
}

func TestSignatureHoldsForOnePurposeAndText(t *testing.T) {
	b := box(t)
	sig := b.Sign("media", "u:1")
	if !b.Verify("media", "u:1", sig) || b.Verify("media", "u:2", sig) || b.Verify("plus", "u:1", sig) || b.Verify("media", "u:1", "?") {
		t.Fatal("verification is wrong")
	}
}

func TestTokensAreLettersAndDigits(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		tok := crypt.Token(32)
		if len(tok) != 32 || strings.Trim(tok, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") != "" || seen[tok] {
			t.Fatalf("token %q", tok)
		}
		seen[tok] = true
	}
}
