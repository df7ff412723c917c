package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/i18n"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
)

// react stores, in the transaction of a change, what its people are to be told of it: a notification exists exactly if
// the change does. Of new conversations many may want to hear; that is a job.
func (s *Service) react(ctx context.Context, tx *db.Tx, e event.Event) error {
	if e.Type == event.InboxOutage {
		return s.outage(ctx, tx, e)
	}
	if e.ConversationID == nil {
		return nil
	}
	switch e.Type {
	case event.ConversationAssigned:
		return s.assigned(ctx, tx, e)
	case event.ConversationCreated:
		return s.watch(ctx, tx, e)
	case event.ConversationStatus:
		return s.settle(ctx, tx, settleAnswered, e.ActorID, *e.ConversationID)
	case event.MessageCreated:
		return s.said(ctx, tx, e)
	case event.MessageMentioned:
		return s.mentioned(ctx, tx, e)
	case event.MessageHeld:
		return s.held(ctx, tx, e)
	case event.MessageUpdated:
		return s.fared(ctx, tx, e)
	}
	return nil
}

// place is who has a conversation.
type place struct {
	User *int64 `json:"assigned_user_id"`
	Team *int64 `json:"assigned_team_id"`
}

// assigned tells an agent who got a conversation from somebody else, or the team that nobody of has it yet.
func (s *Service) assigned(ctx context.Context, tx *db.Tx, e event.Event) error {
	var c struct{ Set, Was place }
	if err := e.Payload.Decode(&c); err != nil {
		return err
	}
	if c.Set.User == nil && c.Set.Team != nil && !same(c.Set.Team, c.Was.Team) {
		return s.watch(ctx, tx, e)
	}
	if c.Set.User == nil || same(c.Set.User, c.Was.User) || *c.Set.User == e.ActorID {
		return nil
	}
	n, err := s.news(ctx, tx, Assignment, e)
	if err != nil {
		return err
	}
	n.Body = n.About.Subject
	return s.tell(ctx, tx, *c.Set.User, n)
}

func same(a, b *int64) bool { return a == b || (a != nil && b != nil && *a == *b) }

// said tells the agent of a conversation that its customer wrote, and settles what told an agent of it who now answers.
// What an agent writes in the customer's name is no news to that agent.
func (s *Service) said(ctx context.Context, tx *db.Tx, e event.Event) error {
	m, err := event.Payload[conversation.MessageCreatedPayload](e)
	if err != nil {
		return err
	}
	switch {
	case m.Repeats:
		return nil
	case m.Type == conversation.TypeOutgoing && !m.Private && m.SenderType == conversation.SenderAgent:
		return s.settle(ctx, tx, settleAnswered, e.ActorID, *e.ConversationID)
	case m.Type != conversation.TypeIncoming || m.Silent || m.AssignedUserID == nil || e.Cause == fmt.Sprintf("agent:%d", *m.AssignedUserID):
		return nil
	}
	n, err := s.news(ctx, tx, Reply, e)
	if err != nil {
		return err
	}
	n.Body, n.MessageID = m.Preview, m.MessageID
	return s.tell(ctx, tx, *m.AssignedUserID, n)
}

// mentioned tells the agents and the members of the teams that a note names, but for its author.
func (s *Service) mentioned(ctx context.Context, tx *db.Tx, e event.Event) error {
	m, err := event.Payload[conversation.MentionedPayload](e)
	if err != nil {
		return err
	}
	agents := slices.Clone(m.Agents)
	if len(m.Teams) > 0 {
		in, args := db.In(1, m.Teams)
		members, err := db.Select[int64](ctx, tx, `SELECT user_id FROM team_members WHERE team_id IN (`+in+`)`, args...)
		if err != nil {
			return fmt.Errorf("read the members of mentioned teams: %w", err)
		}
		agents = append(agents, members...)
	}
	slices.Sort(agents)
	n, err := s.news(ctx, tx, Mention, e)
	if err != nil {
		return err
	}
	n.MessageID = m.MessageID
	if err := tx.QueryRow(ctx, `SELECT text_content FROM messages WHERE id = $1`, m.MessageID).Scan(&n.Body); err != nil {
		return fmt.Errorf("read the note: %w", err)
	}
	for _, id := range slices.Compact(agents) {
		if id == e.ActorID {
			continue
		}
		if err := s.tell(ctx, tx, id, n); err != nil {
			return err
		}
	}
	return nil
}

// held tells the writer of a reply that did not leave at its time; whoever has the conversation, if the writer is gone or
// may not read it any more. What becomes of it later settles that.
func (s *Service) held(ctx context.Context, tx *db.Tx, e event.Event) error {
	h, err := event.Payload[conversation.HeldPayload](e)
	if err != nil {
		return err
	}
	switch h.State {
	case conversation.HeldChanged, conversation.HeldWithdrawn:
		return s.settle(ctx, tx, settleStopped, e.ActorID, *e.ConversationID)
	case conversation.HeldStopped:
		return s.stopped(ctx, tx, e, h)
	}
	return nil
}

func (s *Service) stopped(ctx context.Context, tx *db.Tx, e event.Event, h conversation.HeldPayload) error {
	return s.tellWriter(ctx, tx, e, h.SenderID, 0, func(lang string) string { return i18n.T(lang, "composer.held.stopped."+h.Reason, nil) })
}

// fared tells of a reply that did not arrive. Sending it again settles that.
func (s *Service) fared(ctx context.Context, tx *db.Tx, e event.Event) error {
	m, err := event.Payload[conversation.MessageUpdatedPayload](e)
	if err != nil {
		return err
	}
	switch {
	case m.Set["status"] == conversation.StatusPending:
		return s.settle(ctx, tx, settleStopped, e.ActorID, *e.ConversationID)
	case m.Lost != nil:
		return s.tellWriter(ctx, tx, e, m.Lost.SenderID, m.Lost.MessageID, func(string) string { return m.Lost.Reason })
	}
	return nil
}

// tellWriter tells the writer of a reply what became of it; whoever has the conversation, if the writer is gone or may not read it
// any more. MessageID is 0 if the reply is no message yet.
func (s *Service) tellWriter(ctx context.Context, tx *db.Tx, e event.Event, writerID, messageID int64, body func(lang string) string) error {
	n, err := s.news(ctx, tx, ReplyStopped, e)
	if err != nil {
		return err
	}
	writer, err := agent.PrincipalIn(ctx, tx, writerID)
	if err != nil {
		return err
	}
	to := writerID
	if writer == nil || !conversation.CanRead(writer, n.About.AssignedUser, n.About.AssignedTeam) {
		if n.About.AssignedUser == nil {
			return nil
		}
		to = *n.About.AssignedUser
	}
	reader, err := agent.PrincipalIn(ctx, tx, to)
	if err != nil || reader == nil {
		return err
	}
	n.Body, n.MessageID = body(s.language(ctx, reader)), messageID
	return s.tell(ctx, tx, to, n)
}

// news begins what is told of an event: about which conversation, and by whom.
func (s *Service) news(ctx context.Context, tx *db.Tx, t Type, e event.Event) (news, error) {
	n := news{Type: t, ActorID: e.ActorID}
	var err error
	if n.About, err = readSubject(ctx, tx, *e.ConversationID); err != nil {
		return n, err
	}
	n.Actor, n.System, err = nameOf(ctx, tx, e.ActorID)
	return n, err
}

func nameOf(ctx context.Context, q db.Querier, id int64) (name string, system bool, err error) {
	var first, last string
	if err := q.QueryRow(ctx, `SELECT first_name, last_name, is_system FROM users WHERE id = $1`, id).Scan(&first, &last, &system); err != nil {
		return "", false, fmt.Errorf("read who acts: %w", err)
	}
	return strings.TrimSpace(first + " " + last), system, nil
}

// watchJob tells of a conversation that is nobody's yet those who want to hear of such.
type watchJob struct {
	ConversationID int64 `json:"conversation_id"`
	ActorID        int64 `json:"actor_id"`
}

// Kind implements jobs.Args.
func (watchJob) Kind() string { return "notify.new_conversation" }

const watchersQuery = `SELECT user_id FROM notification_preferences WHERE watches`

// watch queues the job when there is somebody to tell.
func (s *Service) watch(ctx context.Context, tx *db.Tx, e event.Event) error {
	var wanted bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (`+watchersQuery+`)`).Scan(&wanted); err != nil {
		return fmt.Errorf("look who watches for new conversations: %w", err)
	}
	if !wanted {
		return nil
	}
	return s.Jobs.Insert(ctx, tx, watchJob{ConversationID: *e.ConversationID, ActorID: e.ActorID}, jobs.Options{})
}

// tellWatchers runs a [watchJob]. Each agent is told in a transaction of their own, and once however often it runs.
func (s *Service) tellWatchers(ctx context.Context, job watchJob) error {
	watchers, err := db.Select[int64](ctx, s.DB, watchersQuery)
	if err != nil {
		return fmt.Errorf("read who watches for new conversations: %w", err)
	}
	for _, id := range watchers {
		if id == job.ActorID {
			continue
		}
		if err := s.DB.Tx(ctx, func(tx *db.Tx) error { return s.tellWatcher(ctx, tx, id, job) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) tellWatcher(ctx context.Context, tx *db.Tx, agentID int64, job watchJob) error {
	c, err := readSubject(ctx, tx, job.ConversationID)
	if errors.Is(err, db.ErrNoRows) || (err == nil && c.AssignedUser != nil) {
		return nil // gone, or somebody's by now
	}
	if err != nil {
		return err
	}
	if c.AssignedTeam != nil {
		p, err := agent.PrincipalIn(ctx, tx, agentID)
		if err != nil || p == nil || !p.InTeam(*c.AssignedTeam) {
			return err
		}
	}
	n := news{Type: NewConversation, About: c, Body: c.Subject}
	err = tx.QueryRow(ctx, `SELECT contact_id FROM conversations WHERE id = $1`, c.ID).Scan(&n.ActorID)
	if err != nil {
		return fmt.Errorf("read the contact: %w", err)
	}
	if n.Actor, n.System, err = nameOf(ctx, tx, n.ActorID); err != nil {
		return err
	}
	return s.tell(ctx, tx, agentID, n)
}
