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
	one, err := crypt.LoadOrCreateKey(path)
	if err != nil {
		t.Fatal(err)
	}
	two, err := crypt.LoadOrCreateKey(path)
	if err != nil || string(one) != string(two) {
		t.Fatalf("second read: %v", err)
	}
	if st, _ := os.Stat(path); st.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v", st.Mode())
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
