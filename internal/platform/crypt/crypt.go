// Package crypt keeps secrets at rest and makes the random values and signatures that guard access.
//
// A secret is written as "enc:", the id of the key, ":", and base64 of nonce, ciphertext and tag of AES-256-GCM, with the
// name of the place it is kept in as associated data, so that one ciphertext cannot be moved to another place. The id lets
// a desk read what an earlier key sealed while the key is being replaced. Sub-keys for each purpose are derived from the
// configured key (HKDF, RFC 5869).
package crypt

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// KeySize is the length in bytes that an encryption key must have.
const KeySize = 32

const prefix = "enc:"

// Box encrypts and signs with its current key, and also reads what its previous keys made. It is safe for concurrent use.
type Box struct {
	keys []subkeys // the current one first
}

// subkeys are what is derived from one configured key.
type subkeys struct {
	id   string // eight hexadecimal digits, which tell nothing of the key
	aead cipher.AEAD
	sign []byte
}

// NewBox returns a box for a key, and for those it took the place of, each of exactly [KeySize] bytes.
func NewBox(current []byte, previous ...[]byte) (*Box, error) {
	b := &Box{}
	for _, key := range append([][]byte{current}, previous...) {
		sub, err := derive(key)
		if err != nil {
			return nil, err
		}
		b.keys = append(b.keys, sub)
	}
	return b, nil
}

func derive(key []byte) (sub subkeys, err error) {
	if len(key) != KeySize {
		return sub, fmt.Errorf("the encryption key has %d bytes; it must have exactly %d", len(key), KeySize)
	}
	seal, err := hkdf.Key(sha256.New, key, nil, "foyer seal v1", KeySize)
	if err != nil {
		return sub, fmt.Errorf("derive the sealing key: %w", err)
	}
	if sub.sign, err = hkdf.Key(sha256.New, key, nil, "foyer sign v1", KeySize); err != nil {
		return sub, fmt.Errorf("derive the signing key: %w", err)
	}
	id, err := hkdf.Key(sha256.New, key, nil, "foyer key id v1", 4)
	if err != nil {
		return sub, fmt.Errorf("derive the key's id: %w", err)
	}
	sub.id = hex.EncodeToString(id)
	block, err := aes.NewCipher(seal)
	if err != nil {
		return sub, fmt.Errorf("make the cipher: %w", err)
	}
	if sub.aead, err = cipher.NewGCM(block); err != nil {
		return sub, fmt.Errorf("make the cipher: %w", err)
	}
	return sub, nil
}

// Seal encrypts a secret for the named place by the current key; an empty secret stays empty.
func (b *Box) Seal(place, secret string) string {
	if secret == "" {
		return ""
	}
	key := b.keys[0]
	nonce := make([]byte, key.aead.NonceSize(), key.aead.NonceSize()+len(secret)+key.aead.Overhead())
	_, _ = rand.Read(nonce)
	return prefix + key.id + ":" + base64.StdEncoding.EncodeToString(key.aead.Seal(nonce, nonce, []byte(secret), []byte(place)))
}

// ErrUnreadable is returned for a secret that was sealed with another key or for another place.
var ErrUnreadable = errors.New("the stored secret cannot be decrypted with this encryption key")

// Open decrypts what Seal made for the same place, by the current key or a previous one; an empty value stays empty.
func (b *Box) Open(place, sealed string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	id, text, named := strings.Cut(strings.TrimPrefix(sealed, prefix), ":")
	if !named { // sealed before keys had ids
		id, text = "", id
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || !strings.HasPrefix(sealed, prefix) {
		return "", ErrUnreadable
	}
	for _, key := range b.keys {
		n := key.aead.NonceSize()
		if (named && id != key.id) || len(raw) < n {
			continue
		}
		if plain, err := key.aead.Open(nil, raw[:n], raw[n:], []byte(place)); err == nil {
			return string(plain), nil
		}
	}
	return "", ErrUnreadable
}

// Sign returns the HMAC-SHA-256 of a text under the key of a purpose, base64url without padding.
func (b *Box) Sign(purpose, text string) string {
	return base64.RawURLEncoding.EncodeToString(b.keys[0].mac(purpose, text))
}

// Verify reports, in constant time, whether signature is what Sign gives for the purpose and text, or gave with a
// previous key.
func (b *Box) Verify(purpose, text, signature string) bool {
	got, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil {
		return false
	}
	for _, key := range b.keys {
		if hmac.Equal(got, key.mac(purpose, text)) {
			return true
		}
	}
	return false
}

// tags are written so that their case does not matter.
var tags = base32.StdEncoding.WithPadding(base32.NoPadding)

const tagSize = 16

// Tag is a shorter [Box.Sign] of 128 bits, in 26 small letters and digits: for addresses, whose case may get lost.
func (b *Box) Tag(purpose, text string) string {
	return strings.ToLower(tags.EncodeToString(b.keys[0].mac(purpose, text)[:tagSize]))
}

// VerifyTag reports, in constant time, whether tag, in any case, is what Tag gives for the purpose and text, or gave with a
// previous key.
func (b *Box) VerifyTag(purpose, text, tag string) bool {
	got, err := tags.DecodeString(strings.ToUpper(tag))
	if err != nil {
		return false
	}
	for _, key := range b.keys {
		if hmac.Equal(got, key.mac(purpose, text)[:tagSize]) {
			return true
		}
	}
	return false
}

func (s subkeys) mac(purpose, text string) []byte {
	m := hmac.New(sha256.New, s.sign)
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
