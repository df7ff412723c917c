package app

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/foyerdesk/foyer/internal/doctor"
	"github.com/foyerdesk/foyer/internal/platform/blob"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/i18n"
)

type doctorCmd struct{ output }

// errUnwell ends a command whose report says already what is wrong.
var errUnwell = errors.New("the desk is not well")

// Run examines the desk and prints the report.
func (d doctorCmd) Run(ctx context.Context, c *commands) error {
	if err := i18n.Load(); err != nil {
		return err
	}
	report, err := c.examine(ctx)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := report.Write(&text, onTerminal(os.Stdout)); err != nil {
		return err
	}
	if err := d.print(report, text.String()); err != nil {
		return err
	}
	if report.Status == doctor.Failed {
		return errUnwell
	}
	return nil
}

func (c *commands) examine(ctx context.Context) (doctor.Report, error) {
	cfg, _, err := c.load()
	if err != nil {
		return doctor.Broken(Version, err), nil
	}
	o := doctor.Options{Config: cfg, Version: Version, KeyFile: filepath.Join(cfg.DataDir, "encryption.key"),
		OpenBox:   func() (*crypt.Box, error) { return openBox(cfg) },
		OpenBlobs: func(ctx context.Context) (blob.Store, error) { return openBlobs(ctx, cfg) }}
	if cfg.S3Bucket == "" {
		o.BlobDir = blobDir(cfg)
	}
	return doctor.Examine(ctx, o), ctx.Err()
}

// onTerminal reports whether a file is a terminal whose reader wants colours (no-color.org).
func onTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
