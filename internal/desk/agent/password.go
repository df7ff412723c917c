package agent

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"

	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// The bounds of a password in bytes.
const (
	minPassword = 10
	maxPassword = 72
)

// CheckPassword returns Invalid unless a password has 10 to 72 bytes with an upper-case and a lower-case ASCII letter,
// a digit, and something that is none of them.
func CheckPassword(field, password string) error {
	var upper, lower, digit, other bool
	for _, r := range password {
		switch {
		case r >= 'A' && r <= 'Z':
			upper = true
		case r >= 'a' && r <= 'z':
			lower = true
		case r >= '0' && r <= '9':
			digit = true
		default:
			other = true
		}
	}
	if len(password) < minPassword || len(password) > maxPassword || !upper || !lower || !digit || !other {
		return fault.Field(field, "error.password_weak")
	}
	return nil
}

const (
	argonLanes = 1
	argonKey   = 32
)

// hashCost is what argon2id takes to make a hash: passes, and memory in kB.
type hashCost struct{ passes, memory uint32 }

var cost = costOf(testing.Testing())

// costOf returns the least that OWASP's password storage guidance asks for: 19 MiB, two passes and one lane. Tests make
// thousands of hashes, which cost next to nothing.
func costOf(test bool) hashCost {
	if test {
		return hashCost{passes: 1, memory: 64}
	}
	return hashCost{passes: 2, memory: 19 << 10}
}

// hashPassword returns the password's argon2id hash in PHC format.
func hashPassword(password string) string {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt)
	key := argon2.IDKey([]byte(password), salt, cost.passes, cost.memory, argonLanes, argonKey)
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, cost.memory, cost.passes, argonLanes, enc.EncodeToString(salt), enc.EncodeToString(key))
}

// dummyHash is compared with when there is no account, so that an unknown address takes as long as a wrong password.
var dummyHash = sync.OnceValue(func() string { return hashPassword("no such account") })

// matchesPassword reports whether a password is the one of a hash, which may be bcrypt's where it was imported.
func matchesPassword(hash, password string) bool {
	if strings.HasPrefix(hash, "$2") {
		return bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil
	}
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false
	}
	var memory, passes uint32
	var lanes uint8
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes); err != nil || memory > 1<<20 || passes > 16 {
		return false
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(want) == 0 {
		return false
	}
	got := argon2.IDKey([]byte(password), salt, passes, memory, lanes, uint32(len(want))) //nolint:gosec // a hash's length
	return subtle.ConstantTimeCompare(got, want) == 1
}
