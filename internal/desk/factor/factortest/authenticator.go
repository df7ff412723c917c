// Package factortest is an authenticator in software (WebAuthn Level 3 §6), for tests of passkeys.
package factortest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
)

// Flags of authenticator data (§6.1).
const (
	UserPresent  = 1 << 0
	UserVerified = 1 << 2
	attested     = 1 << 6
)

// Authenticator holds one discoverable credential. Its fields may be changed to make it lie.
type Authenticator struct {
	RPID, Origin string
	Flags        byte
	Count        uint32
	ID           []byte
	Handle       []byte
	key          *ecdsa.PrivateKey
}

// New returns an authenticator for the site of an origin, whose user it verifies.
func New(rpID, origin string) *Authenticator {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	a := &Authenticator{RPID: rpID, Origin: origin, Flags: UserPresent | UserVerified, ID: make([]byte, 32), key: key}
	_, _ = rand.Read(a.ID)
	return a
}

// Create answers creation options with a new credential, as PublicKeyCredential.toJSON() does.
func (a *Authenticator) Create(options map[string]any) map[string]any {
	user := options["user"].(map[string]any)
	a.Handle, _ = base64.RawURLEncoding.DecodeString(user["id"].(string))
	data := a.data(a.Flags | attested)
	data = append(data, make([]byte, 16)...) // AAGUID
	data = binary.BigEndian.AppendUint16(data, uint16(len(a.ID)))
	data = append(data, a.ID...)
	point, err := a.key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		panic(err)
	}
	data = append(data, 0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20) // COSE_Key: EC2, ES256, P-256 (RFC 9053 §7.1)
	data = append(data, point[1:33]...)
	data = append(data, 0x22, 0x58, 0x20)
	data = append(data, point[33:]...)
	object := append([]byte{0xa3, 0x63}, "fmt\x64none\x67attStmt\xa0\x68authData\x58"...) // CBOR (RFC 8949)
	object = append(object, byte(len(data)))
	object = append(object, data...)
	return a.credential(map[string]any{"clientDataJSON": b64(a.client("webauthn.create", options)), "attestationObject": b64(object), "transports": []string{"internal"}})
}

// Get answers request options with a signature, counting it.
func (a *Authenticator) Get(options map[string]any) map[string]any {
	a.Count++
	data, client := a.data(a.Flags), a.client("webauthn.get", options)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, digest[:])
	if err != nil {
		panic(err)
	}
	return a.credential(map[string]any{"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature), "userHandle": b64(a.Handle)})
}

func (a *Authenticator) credential(response map[string]any) map[string]any {
	return map[string]any{"id": b64(a.ID), "rawId": b64(a.ID), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{},
		"authenticatorAttachment": "platform"}
}

// data is the part of authenticator data that all ceremonies have (§6.1).
func (a *Authenticator) data(flags byte) []byte {
	hash := sha256.Sum256([]byte(a.RPID))
	return binary.BigEndian.AppendUint32(append(hash[:], flags), a.Count)
}

func (a *Authenticator) client(kind string, options map[string]any) []byte {
	raw, err := json.Marshal(map[string]any{"type": kind, "challenge": options["challenge"], "origin": a.Origin, "crossOrigin": false})
	if err != nil {
		panic(err)
	}
	return raw
}

func b64(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }
