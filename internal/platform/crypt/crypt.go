// Package crypt keeps secrets at rest and makes the random values and signatures that guard access.
//
// A secret is written as "enc:" and base64 of nonce, ciphertext and tag of AES-256-GCM, with the name of the place it
// is kept in as associated data, so that one ciphertext cannot be moved to another place. Sub-keys for each purpose
// are derived from the one configured key (HKDF, RFC 5869).
package crypt

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// KeySize is the length in bytes that an encryption key must have.
const KeySize = 32

const prefix = "enc:"

// Box encrypts and signs with keys derived from one secret. It is safe for concurrent use.
type Box struct {
	aead cipher.AEAD
	sign []byte
}

// NewBox returns a box for a key of exactly [KeySize] bytes.
func NewBox(key []byte) (*Box, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("the encryption key has %d bytes; it must have exactly %d", len(key), KeySize)
	}
	seal, err := hkdf.Key(sha256.New, key, nil, "foyer seal v1", KeySize)
	if err != nil {
		return nil, fmt.Errorf("derive the sealing key: %w", err)
	}
	sign, err := hkdf.Key(sha256.New, key, nil, "foyer sign v1", KeySize)
	if err != nil {
		return nil, fmt.Errorf("derive the signing key: %w", err)
	}
	block, err := aes.NewCipher(seal)
	if err != nil {
		return nil, fmt.Errorf("make the cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("make the cipher: %w", err)
	}
	return &Box{aead: aead, sign: sign}, nil
}

// LoadOrCreateKey reads the key kept in a file, making the file with a random key and mode 0600 if there is none.
func LoadOrCreateKey(path string) ([]byte, error) {
	data, err := os.ReadFile(path) //nolint:gosec // the operator's data folder
	if err == nil {
		key, err := hex.DecodeString(strings.TrimSpace(string(data)))
		if err != nil || len(key) != KeySize {
			return nil, fmt.Errorf("%s does not hold an encryption key of %d bytes in hexadecimal", path, KeySize)
		}
		return key, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read the encryption key: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("make the folder of the encryption key: %w", err)
	}
	key := make([]byte, KeySize)
	_, _ = rand.Read(key)                                                 // never fails (crypto/rand)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // as above
	if err != nil {
		return nil, fmt.Errorf("write the encryption key: %w", err)
	}
	_, err = fmt.Fprintln(f, hex.EncodeToString(key))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("write the encryption key: %w", err)
	}
	return key, nil
}

// Seal encrypts a secret for the named place; an empty secret stays empty.
func (b *Box) Seal(place, secret string) string {
	if secret == "" {
		return ""
	}
	nonce := make([]byte, b.aead.NonceSize(), b.aead.NonceSize()+len(secret)+b.aead.Overhead())
	_, _ = rand.Read(nonce)
	return prefix + base64.StdEncoding.EncodeToString(b.aead.Seal(nonce, nonce, []byte(secret), []byte(place)))
}

// ErrUnreadable is returned for a secret that was sealed with another key or for another place.
var ErrUnreadable = errors.New("the stored secret cannot be decrypted with this encryption key")

// Open decrypts what Seal made for the same place; an empty value stays empty.
func (b *Box) Open(place, sealed string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(sealed, prefix))
	if err != nil || !strings.HasPrefix(sealed, prefix) || len(raw) < b.aead.NonceSize() {
		return "", ErrUnreadable
	}
	n := b.aead.NonceSize()
	plain, err := b.aead.Open(nil, raw[:n], raw[n:], []byte(place))
	if err != nil {
		return "", ErrUnreadable
	}
	return string(plain), nil
}

// Sign returns the HMAC-SHA-256 of a text under the key of a purpose, base64url without padding.
func (b *Box) Sign(purpose, text string) string {
	return base64.RawURLEncoding.EncodeToString(b.mac(purpose, text))
}

// Verify reports, in constant time, whether signature is what Sign gives for the purpose and text.
func (b *Box) Verify(purpose, text, signature string) bool {
	got, err := base64.RawURLEncoding.DecodeString(signature)
	return err == nil && hmac.Equal(got, b.mac(purpose, text))
}

func (b *Box) mac(purpose, text string) []byte {
	m := hmac.New(sha256.New, b.sign)
	_, _ = m.Write([]byte(purpose + "\x00" + text))
	return m.Sum(nil)
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// Token returns n random letters and digits; 43 of them carry 256 bits.
func Token(n int) string {
	out := make([]byte, 0, n)
	buf := make([]byte, n+16)
	for len(out) < n {
		_, _ = rand.Read(buf)
		for _, c := range buf {
			if c < 248 && len(out) < n { // 248 = 4×62: no letter is likelier than another
				out = append(out, alphabet[c%62])
			}
		}
	}
	return string(out)
}

// Hash returns the SHA-256 of a random token in hexadecimal, the form in which tokens are kept.
func Hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
