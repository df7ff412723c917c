package live

import (
	"encoding/json"

	"github.com/foyerdesk/foyer/internal/desk/conversation"
)

// draftTopic tells other nodes of agents' drafts.
const draftTopic = "draft"

type draftNotice struct {
	Agent  int64                    `json:"agent"`
	Change conversation.DraftChange `json:"change"`
}

// DraftChanged tells all connections of an agent, on every node, that a draft of theirs is another one now (frame
// "draft_update", Foyer's addition). The text itself is not sent; who wants it asks for it.
func (h *Hub) DraftChanged(agentID int64, change conversation.DraftChange) {
	h.tellOfDraft(agentID, change)
	if notice, err := json.Marshal(draftNotice{agentID, change}); err == nil {
		h.Bus.Publish(draftTopic, string(notice))
	}
}

func (h *Hub) heardOfDraft(notice string) {
	var n draftNotice
	if json.Unmarshal([]byte(notice), &n) == nil {
		h.tellOfDraft(n.Agent, n.Change)
	}
}

func (h *Hub) tellOfDraft(agentID int64, change conversation.DraftChange) {
	var b []byte
	h.each(func(c *conn) {
		if c.agentID != agentID {
			return
		}
		if b == nil {
			b = encode(frame{Type: "draft_update", Data: change})
		}
		c.send(b)
	})
}
