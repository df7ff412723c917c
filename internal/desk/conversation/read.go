package conversation

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strconv"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Get returns a conversation that p may read, with the contact's other conversations that p may read too. For one that was
// merged into another it returns that one.
func (s *Service) Get(ctx context.Context, p *agent.Principal, id string) (*Conversation, error) {
	if err := checkUUID(id); err != nil {
		return nil, err
	}
	c, has, err := s.full(ctx, s.db, p, `c.uuid = $1`, id)
	if err != nil {
		return nil, err
	}
	if c.StatusID == mergedID {
		h, err := readable(ctx, s.db, p, id) // which is what it was merged into
		if err != nil {
			return nil, err
		}
		if c, has, err = s.full(ctx, s.db, p, `c.id = $1`, h.ID); err != nil {
			return nil, err
		}
	}
	if !CanRead(p, c.AssignedUserID, c.AssignedTeamID) {
		return nil, fault.Denied()
	}
	if has.merged {
		if c.MergedFrom, err = mergedFrom(ctx, s.db, c.ID); err != nil {
			return nil, err
		}
	}
	if has.resolved {
		if c.Resolutions, err = resolutions(ctx, s.db, c.ID); err != nil {
			return nil, err
		}
	}
	if has.lead {
		if c.Continues, err = continued(ctx, s.db, p, c); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Full returns a conversation by its internal id, for the program's own use.
func (s *Service) Full(ctx context.Context, q db.Querier, id int64) (*Conversation, error) {
	c, _, err := s.full(ctx, q, nil, `c.id = $1`, id)
	return c, err
}

// has says what there is of a conversation in other tables, which most have nothing in.
type has struct {
	merged   bool // others were merged into it
	resolved bool // it was resolved once
	lead     bool // it seems to continue another
}

const fullColumns = `c.id, c.created_at, c.updated_at, c.uuid, c.reference_number, c.contact_id, c.inbox_id,
	c.status_id, c.priority_id, c.assigned_user_id, c.assigned_team_id, c.subject,
	c.closed_at, c.resolved_at, c.first_reply_at, c.last_reply_at, c.waiting_since, c.snoozed_until,
	i.from_address, COALESCE(i.config->>'reply_to', ''), i.name, i.channel,
	c.meta, c.custom_attributes, c.last_message, c.last_message_at, c.last_message_sender,
	c.last_interaction, c.last_interaction_at, c.last_interaction_sender, c.version,
	u.id, u.created_at, u.updated_at, u.first_name, u.last_name, u.email, u.type, u.availability_status, u.avatar_url,
	u.phone_number, u.phone_number_country_code, u.country, u.custom_attributes, u.enabled, u.last_active_at,
	u.last_login_at, u.external_user_id, u.email_bounced_at, u.email_bounce,
	u.organization_id, (SELECT o.name FROM organizations o WHERE o.id = u.organization_id),
	EXISTS (SELECT 1 FROM conversation_merges m WHERE m.target_id = c.id),
	EXISTS (SELECT 1 FROM conversation_resolutions r WHERE r.conversation_id = c.id),
	EXISTS (SELECT 1 FROM conversation_leads l WHERE l.conversation_id = c.id), ` + tagColumn

const fullJoins = ` FROM conversations c JOIN inboxes i ON i.id = c.inbox_id JOIN users u ON u.id = c.contact_id WHERE `

// full reads a conversation in one statement, unless p is nil with p's mark and the contact's other conversations that
// p may read.
func (s *Service) full(ctx context.Context, q db.Querier, p *agent.Principal, where string, arg any) (c *Conversation, h has, err error) {
	query, args := `SELECT `+fullColumns, []any{arg}
	if p != nil {
		query += `, ` + previousColumn(q.Engine(), canReadAll(p)) +
			`, (SELECT ls.last_seen_at FROM conversation_last_seen ls WHERE ls.user_id = $2 AND ls.conversation_id = c.id)`
		args = append(args, p.ID)
	}
	query += fullJoins + where
	err = s.scanRows(ctx, q, func(known *names) error {
		c, h, err = scanFull(q.QueryRow(ctx, query, args...), known, p)
		return err
	})
	if errors.Is(err, db.ErrNoRows) {
		return nil, h, fault.Missing("conversation")
	}
	if err != nil {
		return nil, h, fmt.Errorf("read conversation: %w", err)
	}
	return c, h, nil
}

func scanFull(r db.Row, known *names, p *agent.Principal) (*Conversation, has, error) {
	var c Conversation
	var has has
	var reference int64
	var from string
	var tags tagIDs
	var previous db.JSON
	u := &c.Contact
	dest := []any{&c.ID, &c.CreatedAt, &c.UpdatedAt, &c.UUID, &reference, &c.ContactID, &c.InboxID,
		&c.StatusID, &c.PriorityID, &c.AssignedUserID, &c.AssignedTeamID, &c.Subject,
		&c.ClosedAt, &c.ResolvedAt, &c.FirstReplyAt, &c.LastReplyAt, &c.WaitingSince, &c.SnoozedUntil,
		&from, &c.InboxReplyTo, &c.InboxName, &c.InboxChannel,
		&c.Meta, &c.CustomAttributes, &c.LastMessage, &c.LastMessageAt, &c.LastMessageSender,
		&c.LastInteraction, &c.LastInteractionAt, &c.LastInteractionSender, &c.Version,
		&u.ID, &u.CreatedAt, &u.UpdatedAt, &u.FirstName, &u.LastName, &u.Email, &u.Type, &u.AvailabilityStatus, &u.AvatarURL,
		&u.PhoneNumber, &u.PhoneNumberCountryCode, &u.Country, &u.CustomAttributes, &u.Enabled, &u.LastActiveAt,
		&u.LastLoginAt, &u.ExternalUserID, &u.EmailBouncedAt, &u.EmailBounce,
		&u.OrganizationID, &u.Organization, &has.merged, &has.resolved, &has.lead, &tags}
	if p != nil {
		dest = append(dest, &previous, &c.LastSeenAt)
	}
	if err := r.Scan(dest...); err != nil {
		return nil, has, err
	}
	c.ReferenceNumber = strconv.FormatInt(reference, 10)
	c.InboxMail = BareAddress(from)
	status, priority := known.status(c.StatusID), (*Priority)(nil)
	if c.PriorityID != nil {
		if priority = known.priority(*c.PriorityID); priority == nil {
			return nil, has, errUnknownName
		}
		c.Priority = &priority.Name
	}
	var ok bool
	if c.Tags, ok = known.tagNames(tags); !ok || status == nil {
		return nil, has, errUnknownName
	}
	c.Status, c.StatusCategory = status.Name, status.Category
	if p == nil {
		return &c, has, nil
	}
	var err error
	c.PreviousConversations, err = previousOf(&c, previous, known, p)
	return &c, has, err
}

// BareAddress returns the address of an RFC 5322 mailbox such as "Help <help@acme.test>", "" if there is none.
func BareAddress(mailbox string) string {
	if mailbox == "" {
		return ""
	}
	if a, err := mail.ParseAddress(mailbox); err == nil {
		return strings.ToLower(a.Address)
	}
	return ""
}

func tagNames(ctx context.Context, q db.Querier, id int64) ([]string, error) {
	names, err := db.Select[string](ctx, q, `SELECT t.name FROM conversation_tags ct JOIN tags t ON t.id = ct.tag_id
		WHERE ct.conversation_id = $1 ORDER BY t.name`, id)
	if err != nil {
		return nil, fmt.Errorf("read tags: %w", err)
	}
	return names, nil
}

// maxPrevious is how many earlier conversations are shown beside one.
const maxPrevious = 10

const previousColumns = `id, created_at, updated_at, uuid, subject, last_message, last_message_at, assigned_user_id, assigned_team_id, status_id, reference_number`

// previousColumn reads other conversations of the contact of conversations c, newest first, for [previousOf]. Of one who may
// not read all the newest may be hidden.
func previousColumn(engine db.Engine, readsAll bool) string {
	list, one := `json_group_array`, `json_object`
	if engine == db.Postgres {
		list, one = `json_agg`, `json_build_object`
	}
	among := 5 * maxPrevious
	if readsAll {
		among = maxPrevious
	}
	var named []string
	for column := range strings.SplitSeq(previousColumns, ", ") {
		named = append(named, `'`+column+`', `+column)
	}
	return `(SELECT CAST(` + list + `(` + one + `(` + strings.Join(named, ", ") + `)) AS TEXT) FROM (SELECT ` + previousColumns + ` FROM conversations
		WHERE contact_id = c.contact_id AND id <> c.id AND hidden_at IS NULL ORDER BY created_at DESC LIMIT ` + strconv.Itoa(among) + `) AS pc)`
}

// previousOf returns up to ten other conversations of the contact, newest first, that p may read.
func previousOf(c *Conversation, read db.JSON, known *names, p *agent.Principal) ([]Previous, error) {
	var rows []previousRow
	if err := read.Decode(&rows); err != nil {
		return nil, err
	}
	out := []Previous{}
	for _, row := range rows {
		if !CanRead(p, row.AssignedUserID, row.AssignedTeamID) || len(out) == maxPrevious {
			continue
		}
		st := known.status(row.StatusID)
		if st == nil {
			return nil, errUnknownName
		}
		v := Previous{ID: row.ID, CreatedAt: micros(row.CreatedAt), UpdatedAt: micros(row.UpdatedAt), UUID: row.UUID, Subject: row.Subject,
			Contact:     Person{c.Contact.FirstName, c.Contact.LastName, c.Contact.AvatarURL},
			LastMessage: row.LastMessage, Status: st.Name, ReferenceNumber: strconv.FormatInt(row.Reference, 10)}
		if row.LastMessageAt != nil {
			v.LastMessageAt = micros(*row.LastMessageAt).Ptr()
		}
		out = append(out, v)
	}
	return out, nil
}

// previousRow is a row of [previousColumn], with times as they are stored.
type previousRow struct {
	ID             int64   `json:"id"`
	CreatedAt      int64   `json:"created_at"`
	UpdatedAt      int64   `json:"updated_at"`
	UUID           string  `json:"uuid"`
	Subject        string  `json:"subject"`
	LastMessage    *string `json:"last_message"`
	LastMessageAt  *int64  `json:"last_message_at"`
	AssignedUserID *int64  `json:"assigned_user_id"`
	AssignedTeamID *int64  `json:"assigned_team_id"`
	StatusID       int64   `json:"status_id"`
	Reference      int64   `json:"reference_number"`
}

func micros(n int64) db.Time { return db.Time{Time: time.UnixMicro(n).UTC()} }

// Participants returns everybody who wrote in a conversation that p may read.
func (s *Service) Participants(ctx context.Context, p *agent.Principal, id string) ([]Participant, error) {
	h, err := readable(ctx, s.db, p, id)
	if err != nil {
		return nil, err
	}
	out, err := db.Select[Participant](ctx, s.db, `SELECT u.id, u.first_name, u.last_name, u.avatar_url,
			CASE WHEN u.id = c.contact_id THEN 'contact' WHEN u.id = c.assigned_user_id THEN 'assignee' WHEN u.is_system THEN 'system'
				WHEN u.type IN ('contact', 'visitor') THEN 'other' ELSE 'agent' END AS role,
			CASE WHEN u.type IN ('contact', 'visitor') THEN u.email END AS email
		FROM conversation_participants cp JOIN conversations c ON c.id = cp.conversation_id JOIN users u ON u.id = cp.user_id
		WHERE cp.conversation_id = $1 ORDER BY cp.created_at, u.id`, h.ID)
	if err != nil {
		return nil, fmt.Errorf("read participants: %w", err)
	}
	return out, nil
}
