package factor

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

const (
	maxPasskeys = 20
	maxName     = 60
)

// Passkey is a passkey as its owner sees it.
type Passkey struct {
	ID         int64    `json:"id"`
	Name       string   `json:"name"`
	CreatedAt  db.Time  `json:"created_at"`
	LastUsedAt *db.Time `json:"last_used_at"`
}

const passkeyQuery = `SELECT id, name, created_at, last_used_at FROM agent_passkeys`

// Question is what a browser asks an authenticator: the options of navigator.credentials in their JSON form, and the
// token to send back with the answer.
type Question struct {
	Token   string `json:"token"`
	Options any    `json:"options" doc:"PublicKeyCredentialCreationOptionsJSON or PublicKeyCredentialRequestOptionsJSON"`
}

// SignedAnswer is what the authenticator said.
type SignedAnswer struct {
	Token      string          `json:"token"`
	Credential json.RawMessage `json:"credential" doc:"PublicKeyCredential.toJSON()"`
}

// owner is an agent as WebAuthn sees them.
type owner struct {
	id          int64
	login, name string
	credentials []webauthn.Credential
}

// WebAuthnID returns the user handle (WebAuthn §5.4.3): it names the agent and tells nothing of them.
func (o *owner) WebAuthnID() []byte                         { return binary.BigEndian.AppendUint64(nil, uint64(o.id)) } //nolint:gosec // ids are positive
func (o *owner) WebAuthnName() string                       { return o.login }
func (o *owner) WebAuthnDisplayName() string                { return o.name }
func (o *owner) WebAuthnCredentials() []webauthn.Credential { return o.credentials }

// party is the desk as WebAuthn sees it: its host and its origin. Invalid where the desk has no name of its own.
func (s *Service) party() (*webauthn.WebAuthn, error) {
	u, err := url.Parse(s.rootURL())
	if err != nil {
		return nil, fmt.Errorf("read the root URL: %w", err)
	}
	w, err := webauthn.New(&webauthn.Config{RPID: u.Hostname(), RPDisplayName: s.site(), RPOrigins: []string{u.Scheme + "://" + u.Host},
		AuthenticatorSelection: protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementRequired,
			RequireResidentKey: protocol.ResidentKeyRequired(), UserVerification: protocol.VerificationRequired},
		AttestationPreference: protocol.PreferNoAttestation})
	if err != nil {
		return nil, fault.New(fault.Invalid, "error.passkeys_need_domain").Because(err)
	}
	return w, nil
}

func refusedPasskey(err error) error {
	return fault.Field("credential", "error.passkey_refused").Because(err)
}

func (s *Service) ownerOf(ctx context.Context, q db.Querier, id int64) (*owner, error) {
	o := &owner{id: id}
	var last string
	err := q.QueryRow(ctx, `SELECT email, first_name, last_name FROM users WHERE id = $1 AND type = 'agent' AND deleted_at IS NULL`, id).Scan(&o.login, &o.name, &last)
	if errors.Is(err, db.ErrNoRows) {
		return nil, fault.Missing("agent")
	}
	if err != nil {
		return nil, fmt.Errorf("read agent %d: %w", id, err)
	}
	o.name = strings.TrimSpace(o.name + " " + last)
	err = db.Each(ctx, q, func(r db.Rows) error {
		var raw db.JSON
		var c webauthn.Credential
		if err := r.Scan(&raw); err != nil {
			return err
		}
		err := raw.Decode(&c)
		o.credentials = append(o.credentials, c)
		return err
	}, `SELECT credential FROM agent_passkeys WHERE user_id = $1 ORDER BY id`, id)
	if err != nil {
		return nil, fmt.Errorf("read passkeys: %w", err)
	}
	return o, nil
}

// BeginPasskey asks a browser for a new passkey.
func (s *Service) BeginPasskey(ctx context.Context, p *agent.Principal, session string, proof Proof) (q Question, err error) {
	if err := s.mayAdd(ctx, p, session, proof); err != nil {
		return q, err
	}
	w, err := s.party()
	if err != nil {
		return q, err
	}
	o, err := s.ownerOf(ctx, s.db, p.ID)
	if err != nil {
		return q, err
	}
	if len(o.credentials) >= maxPasskeys {
		return q, fault.New(fault.Conflict, "error.too_many_passkeys")
	}
	options, data, err := w.BeginRegistration(o, webauthn.WithExclusions(webauthn.Credentials(o.credentials).CredentialDescriptors()))
	if err != nil {
		return q, fmt.Errorf("begin a passkey: %w", err)
	}
	return s.question(ctx, forAdding, p.ID, options.Response, data)
}

func (s *Service) question(ctx context.Context, purpose string, id int64, options, data any) (q Question, err error) {
	q.Options = options
	err = s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		q.Token, err = s.ask(ctx, tx, purpose, id, data)
		return err
	})
	return q, err
}

// AddPasskey keeps the passkey that a browser made. It returns recovery codes if the agent has none.
func (s *Service) AddPasskey(ctx context.Context, p *agent.Principal, name string, a SignedAnswer) (k Passkey, codes []string, err error) {
	if err := needsSession(p); err != nil {
		return k, nil, err
	}
	if name, err = checkName(name); err != nil {
		return k, nil, err
	}
	credential, err := s.created(ctx, p, a)
	if err != nil {
		return k, nil, err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		err = tx.QueryRow(ctx, `INSERT INTO agent_passkeys (user_id, credential_id, name, credential, created_at) VALUES ($1, $2, $3, $4, $5)
			RETURNING id, name, created_at`, p.ID, base64.RawURLEncoding.EncodeToString(credential.ID), name, db.ToJSON(credential), s.at()).Scan(&k.ID, &k.Name, &k.CreatedAt)
		if unique, _ := db.IsUnique(err); unique {
			return refusedPasskey(err)
		}
		if err != nil {
			return fmt.Errorf("keep a passkey: %w", err)
		}
		if codes, err = s.firstCodes(ctx, tx, p.ID); err != nil {
			return err
		}
		return s.record(ctx, tx, p, audit.PasskeyAdded, name)
	})
	if err == nil {
		s.dir.Changed(p.ID)
	}
	return k, codes, err
}

// created verifies the answer to BeginPasskey (WebAuthn §7.1).
func (s *Service) created(ctx context.Context, p *agent.Principal, a SignedAnswer) (*webauthn.Credential, error) {
	c, err := s.take(ctx, forAdding, a.Token)
	if err != nil {
		return nil, err
	}
	if c.UserID == nil || *c.UserID != p.ID {
		return nil, over()
	}
	var data webauthn.SessionData
	if err := c.Data.Decode(&data); err != nil {
		return nil, err
	}
	w, err := s.party()
	if err != nil {
		return nil, err
	}
	o, err := s.ownerOf(ctx, s.db, p.ID)
	if err != nil {
		return nil, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(a.Credential)
	if err != nil {
		return nil, refusedPasskey(err)
	}
	credential, err := w.CreateCredential(o, data, parsed)
	if err != nil {
		return nil, refusedPasskey(err)
	}
	return credential, nil
}

func checkName(name string) (string, error) {
	name = strings.TrimSpace(name)
	switch {
	case name == "":
		return "", fault.Required("name")
	case len([]rune(name)) > maxName:
		return "", fault.TooLong("name", maxName)
	case strings.ContainsRune(name, 0):
		return "", fault.Field("name", "error.control_characters")
	}
	return name, nil
}

// RenamePasskey gives one of an agent's passkeys another name; NotFound if it is not theirs.
func (s *Service) RenamePasskey(ctx context.Context, p *agent.Principal, id int64, name string) (k Passkey, err error) {
	if err := needsSession(p); err != nil {
		return k, err
	}
	if name, err = checkName(name); err != nil {
		return k, err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		type named struct {
			Name string `json:"name"`
		}
		var before named
		err := tx.QueryRow(ctx, `SELECT name FROM agent_passkeys WHERE id = $1 AND user_id = $2`, id, p.ID).Scan(&before.Name)
		if errors.Is(err, db.ErrNoRows) {
			return fault.Missing("passkey")
		}
		if err != nil {
			return fmt.Errorf("read a passkey: %w", err)
		}
		err = tx.QueryRow(ctx, `UPDATE agent_passkeys SET name = $3 WHERE id = $1 AND user_id = $2 RETURNING id, name, created_at, last_used_at`,
			id, p.ID, name).Scan(&k.ID, &k.Name, &k.CreatedAt, &k.LastUsedAt)
		if err != nil {
			return fmt.Errorf("rename a passkey: %w", err)
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.PasskeyRenamed, Actor: p.Audited(), Before: before, After: named{name}})
	})
	return k, err
}

// RemovePasskey removes one of an agent's passkeys when they prove who they are; NotFound if it is not theirs.
func (s *Service) RemovePasskey(ctx context.Context, p *agent.Principal, id int64, proof Proof) error {
	if err := s.prove(ctx, p, proof); err != nil {
		return err
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		var name string
		err := tx.QueryRow(ctx, `DELETE FROM agent_passkeys WHERE id = $1 AND user_id = $2 RETURNING name`, id, p.ID).Scan(&name)
		if errors.Is(err, db.ErrNoRows) {
			return fault.Missing("passkey")
		}
		if err != nil {
			return fmt.Errorf("remove a passkey: %w", err)
		}
		if err := dropCodesOfNothing(ctx, tx, p.ID); err != nil {
			return err
		}
		return s.record(ctx, tx, p, audit.PasskeyRemoved, name)
	})
	if err == nil {
		s.dir.Changed(p.ID)
	}
	return err
}

// AskPasskey asks a browser for any passkey of this desk, to sign in.
func (s *Service) AskPasskey(ctx context.Context) (Question, error) {
	return s.askAny(ctx, forPasskey, 0)
}

// AskProof asks a signed-in agent's browser for one of their passkeys, as proof of who they are.
func (s *Service) AskProof(ctx context.Context, p *agent.Principal) (Question, error) {
	if err := needsSession(p); err != nil {
		return Question{}, err
	}
	return s.askAny(ctx, forProof, p.ID)
}

func (s *Service) askAny(ctx context.Context, purpose string, id int64) (q Question, err error) {
	w, err := s.party()
	if err != nil {
		return q, err
	}
	options, data, err := w.BeginDiscoverableLogin()
	if err != nil {
		return q, fmt.Errorf("ask for a passkey: %w", err)
	}
	return s.question(ctx, purpose, id, options.Response, data)
}

// SignIn begins a session by a passkey alone and returns the agent's id and the session's token. Where agents may only
// sign in through an identity provider, a passkey is not a way around it: it only finishes the agent's own sign-in that
// began there and waits for a second factor. Invalid if the answer does not hold, Forbidden for a disabled agent, or one
// whose provider has not vouched for them.
func (s *Service) SignIn(ctx context.Context, a SignedAnswer, waiting string, from agent.Browser) (id int64, session string, err error) {
	c, err := s.take(ctx, forPasskey, a.Token)
	if err != nil {
		return 0, "", err
	}
	o, err := s.signed(ctx, c, a)
	if err != nil {
		return 0, "", errors.Join(err, s.recordRefusal(ctx, from))
	}
	var alone error // why the passkey does not suffice
	if o.login != agent.SystemLogin {
		alone = s.agents.PasswordAllowed(ctx)
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		if err := s.finishVouched(ctx, tx, waiting, o.id, alone); err != nil {
			return err
		}
		session, err = s.agents.BeginSession(ctx, tx, o.id, "with a passkey", from)
		return err
	})
	return o.id, session, err
}

// finishVouched ends the sign-in of an agent that an identity provider vouched for. Where there is none it returns alone:
// the error, or nil, of having proved nothing else.
func (s *Service) finishVouched(ctx context.Context, tx *db.Tx, waiting string, id int64, alone error) error {
	if waiting == "" {
		return alone
	}
	whose, w, err := s.waitingFor(ctx, tx, waiting)
	if fault.Is(err, fault.Invalid) || err == nil && (whose != id || w.By != agent.ByProvider) {
		return alone
	}
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM agent_challenges WHERE token_hash = $1`, crypt.Hash(waiting)); err != nil {
		return fmt.Errorf("end a waiting sign-in: %w", err)
	}
	return nil
}

func (s *Service) recordRefusal(ctx context.Context, from agent.Browser) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		return audit.Record(ctx, tx, audit.Entry{Type: audit.LoginFailed, Actor: audit.Actor{Name: "a passkey", IP: from.IP}, Note: "refused"})
	})
}

// provePasskey takes a passkey's answer as proof that an agent is who they are.
func (s *Service) provePasskey(ctx context.Context, p *agent.Principal, a SignedAnswer) error {
	c, err := s.take(ctx, forProof, a.Token)
	if err != nil {
		return err
	}
	if c.UserID == nil || *c.UserID != p.ID {
		return over()
	}
	o, err := s.signed(ctx, c, a)
	if err == nil && o.id != p.ID {
		err = refusedPasskey(errors.New("the passkey is another agent's"))
	}
	return err
}

// signed verifies what a passkey signed (WebAuthn §7.2), keeps its new signature counter, and returns whose it is. A
// counter that went back is refused: there are two copies of the key.
func (s *Service) signed(ctx context.Context, c challenge, a SignedAnswer) (*owner, error) {
	var data webauthn.SessionData
	if err := c.Data.Decode(&data); err != nil {
		return nil, err
	}
	w, err := s.party()
	if err != nil {
		return nil, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(a.Credential)
	if err != nil {
		return nil, refusedPasskey(err)
	}
	var o *owner
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		user, credential, err := w.ValidatePasskeyLogin(func(rawID, handle []byte) (webauthn.User, error) { return s.ownerOfKey(ctx, tx, rawID) }, data, parsed)
		if err != nil {
			return refusedPasskey(err)
		}
		if credential.Authenticator.CloneWarning {
			return refusedPasskey(errors.New("the signature counter went back"))
		}
		o = user.(*owner)
		_, err = tx.Exec(ctx, `UPDATE agent_passkeys SET credential = $2, last_used_at = $3 WHERE credential_id = $1`,
			base64.RawURLEncoding.EncodeToString(credential.ID), db.ToJSON(credential), s.at())
		if err != nil {
			return fmt.Errorf("note the use of a passkey: %w", err)
		}
		return nil
	})
	return o, err
}

// ownerOfKey returns the agent who has a passkey, which it locks: two answers at once must not both pass the counter.
func (s *Service) ownerOfKey(ctx context.Context, tx *db.Tx, rawID []byte) (*owner, error) {
	var id int64
	err := tx.QueryRow(ctx, `UPDATE agent_passkeys SET name = name WHERE credential_id = $1 RETURNING user_id`, base64.RawURLEncoding.EncodeToString(rawID)).Scan(&id)
	if err != nil {
		return nil, fmt.Errorf("find the passkey: %w", err)
	}
	return s.ownerOf(ctx, tx, id)
}
