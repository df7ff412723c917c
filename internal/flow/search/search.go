// Package search finds messages, conversations and contacts by the words in them.
//
// It owns the indexes (tables search_…): FTS5 on SQLite, tsvector with GIN on PostgreSQL, over the same folded words
// (word.go), so that both engines find the same. The indexes hold ids and words, never texts, and nothing of who may
// see what: every search joins the tables of the desk for that, before it limits.
//
// # Queries
//
// A query has words, phrases, excluded words and operators (language.go). What operators ask of a conversation becomes a
// condition in SQL (conditions.go, resolve.go); what they ask of a message is a mark in the index (expression.go), which
// changes rarely or never. Where a condition fits few conversations, what is in those is looked at; else the newest of
// what has the words.
//
// # Keeping the indexes true
//
// Triggers put what is new, changed or gone into search_queue, in the transaction of the change. One node at a time
// ([Service.Run]) takes from the queue what it has written into the index: PostgreSQL does both in one transaction, SQLite
// has the index in a file of its own (see platform/db) and writes that first, so that after a crash at any instruction
// nothing is missed. Writing an index is dear, so it is done in batches, and not while the transactions of people wait: an
// index is usually a tenth of a second behind. If the index file is lost, everything is indexed anew in the background.
//
// # Ranking
//
// The engines' own measures look at every match of a word to learn how rare it is: on a desk of millions a common word
// would cost seconds. Here the newest matches that the asker may read are the candidates, a bounded number, and these
// are ranked by how well they fit (rank.go). A common word costs what a rare one does.
//
// The package uses desk/agent and desk/conversation for who may read what.
package search

import (
	"context"
	"log/slog"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

// Service searches, and keeps the indexes.
type Service struct {
	db   *db.DB
	log  *slog.Logger
	node string

	// Location returns the time zone of the desk, for agents who chose none; nil is UTC.
	Location func(ctx context.Context) *time.Location
}

// New makes the service. node is the name under which this node holds leases.
func New(d *db.DB, log *slog.Logger, node string) *Service {
	return &Service{db: d, log: log, node: node}
}
