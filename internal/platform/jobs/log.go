package jobs

import (
	"context"
	"log/slog"
)

// warnings is a logger for what goes wrong in the library, which also says several times a minute that all is well.
func warnings(log *slog.Logger) *slog.Logger { return slog.New(warn{log.Handler()}) }

// warn passes on records of the level Warn and above.
type warn struct{ slog.Handler }

// Enabled implements [slog.Handler].
func (w warn) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && w.Handler.Enabled(ctx, l)
}

// WithAttrs implements [slog.Handler].
func (w warn) WithAttrs(attrs []slog.Attr) slog.Handler { return warn{w.Handler.WithAttrs(attrs)} }

// WithGroup implements [slog.Handler].
func (w warn) WithGroup(name string) slog.Handler { return warn{w.Handler.WithGroup(name)} }
