package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/foyerdesk/foyer/internal/desk/factor"
	"github.com/foyerdesk/foyer/internal/desk/media"
	"github.com/foyerdesk/foyer/internal/desk/setting"
	"github.com/foyerdesk/foyer/internal/desk/sso"
	"github.com/foyerdesk/foyer/internal/platform/blob"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

const blobAdvice = "Mails and attachments cannot be kept. Check that the folder belongs to the desk's user and that its disk is writable and not full, or the rights of the keys of the bucket."

// blobs writes a small file into the blob store, reads it and deletes it.
func (e *examination) blobs(ctx context.Context) Finding {
	store, err := e.store(ctx)
	if err != nil && e.BlobDir == "" {
		return fail("Check s3_url, s3_bucket and the keys, and that the server of the bucket runs.", "%s", oneLine(err.Error()))
	}
	if err != nil {
		return fail("It is made when the desk starts for the first time. If it did before, check data_dir and blob_dir, and whether a disk is not mounted.", "%s", oneLine(err.Error()))
	}
	if foreign(e.BlobDir) {
		return warn("Run the command as the desk's user.", "not tried: what root writes into %s the desk could not use", e.BlobDir)
	}
	if err := blob.Check(ctx, store); err != nil {
		return fail(blobAdvice, "%s", oneLine(err.Error()))
	}
	where := e.BlobDir
	if where == "" {
		where = "the bucket " + e.Config.S3Bucket
	}
	return good("%s can be written, read and deleted from", where)
}

// foreign reports whether root looks at a folder of another user: a folder that the probe made in it would be root's.
func foreign(dir string) bool {
	if dir == "" || os.Geteuid() != 0 {
		return false
	}
	info, err := os.Stat(dir)
	if err != nil {
		return false
	}
	st, known := info.Sys().(*syscall.Stat_t)
	return known && st.Uid != 0
}

// store opens the blob store without making it.
func (e *examination) store(ctx context.Context) (blob.Store, error) {
	if e.BlobDir != "" {
		if _, err := os.Stat(e.BlobDir); err != nil {
			return nil, fmt.Errorf("open the folder of mails and attachments: %w", err)
		}
	}
	return e.OpenBlobs(ctx)
}

const sample = 100 // of the newest attachments, and as many by chance

// attachments looks whether the bytes of attachments are there.
func (e *examination) attachments(ctx context.Context) Finding {
	store, err := e.store(ctx)
	if err != nil {
		return fail("See the files above.", "they cannot be looked at")
	}
	looked, missing, err := media.New(e.db, store, e.box, nil, nil).Missing(ctx, sample)
	if err != nil {
		return fail(blobAdvice, "%s", oneLine(err.Error()))
	}
	if len(missing) > 0 {
		names := []string{}
		for _, m := range missing[:min(3, len(missing))] {
			names = append(names, fmt.Sprintf("%q of %s", m.Filename, m.CreatedAt.UTC().Format("2006-01-02")))
		}
		return fail("Restore the folder of mails and attachments from a backup. Was the database restored without it, or do nodes have different folders (blob_dir)?",
			"the bytes of %d of %d attachments are missing, such as %s", len(missing), looked, strings.Join(names, ", "))
	}
	if looked == 0 {
		return good("there are none yet")
	}
	return good("the bytes of %d attachments looked at are there", looked)
}

const (
	fewBytes = 1 << 30   // a warning,
	midBytes = 5 << 30   // as is this on a disk of which it is less than a twentieth
	noBytes  = 200 << 20 // mail stops soon
)

// disk looks how full the disks are that the desk writes to.
func (e *examination) disk(context.Context) Finding {
	folders := []string{e.Config.DataDir}
	if e.BlobDir != "" {
		folders = append(folders, e.BlobDir)
	}
	if e.db != nil && e.db.Engine() == db.SQLite {
		folders = append(folders, filepath.Dir(strings.TrimPrefix(e.Config.DatabaseURL, "sqlite:")))
	}
	worst, seen, found := OK, []string{}, []string{}
	for _, folder := range folders {
		var st syscall.Statfs_t
		if err := syscall.Statfs(folder, &st); err != nil {
			continue // the checks of what is in it say so
		}
		free, all := int64(st.Bavail)*int64(st.Bsize), int64(st.Blocks)*int64(st.Bsize) //nolint:gosec // sizes of disks
		text := fmt.Sprintf("%s of %s free", bytes(free), bytes(all))
		if slices.Contains(seen, text) {
			continue // the same disk
		}
		seen = append(seen, text)
		found = append(found, fmt.Sprintf("%s: %s", folder, text))
		switch {
		case free < noBytes:
			worst = Failed
		case (free < fewBytes || free < min(midBytes, all/20) || (st.Files > 0 && st.Ffree < st.Files/50)) && worst == OK:
			worst = Warning
		}
	}
	f := Finding{Status: worst, Found: strings.Join(found, "; ")}
	switch {
	case len(found) == 0:
		return fail("Check data_dir.", "the data folder %s is not there", e.Config.DataDir)
	case worst != OK:
		f.Advice = "Make room or move the folder to a larger disk: when the disk is full, no mail is taken in and nothing can be saved."
	}
	return f
}

// encryptionKey finds the key, and tries it on every secret that is stored.
func (e *examination) encryptionKey(ctx context.Context) Finding {
	loose := false
	if e.Config.EncryptionKey == "" {
		info, err := os.Stat(e.KeyFile)
		if errors.Is(err, fs.ErrNotExist) {
			return fail("It is made when the desk starts for the first time. If it did before: restore the file from a backup; without it every stored password must be entered again.",
				"there is no key at %s", e.KeyFile)
		}
		if err != nil {
			return fail("Run the command as the desk's user.", "%s", oneLine(err.Error()))
		}
		loose = info.Mode().Perm()&0o077 != 0
	}
	box, err := e.OpenBox()
	if err != nil {
		return fail("Restore the key from a backup.", "%s", oneLine(err.Error()))
	}
	e.box = box
	if e.db == nil {
		return good("it can be read; there is no database to try it on")
	}
	opened, closed, err := e.secrets(ctx)
	switch {
	case err != nil:
		return fail("See the database above.", "%s", oneLine(err.Error()))
	case len(closed) > 0:
		return fail("Bring back the key with which they were encrypted, or enter these secrets again.", "it does not open %s", strings.Join(closed, ", "))
	case loose:
		return warn("Run: chmod 600 "+e.KeyFile, "other users of this machine can read %s", e.KeyFile)
	case opened == 0:
		return good("it can be read; no secret is stored yet")
	}
	return good("it opens every stored secret (%d)", opened)
}

// secrets tries the key on what is stored, and names what it does not open.
func (e *examination) secrets(ctx context.Context) (opened int, closed []string, err error) {
	tell := func(ok bool, what string) {
		if ok {
			opened++
		} else {
			closed = append(closed, what)
		}
	}
	boxes, err := e.emailInboxes(ctx, false)
	if err != nil {
		return 0, nil, err
	}
	for _, in := range boxes {
		_, _, err := e.inboxes().Decrypted(ctx, in.ID)
		if err != nil && !errors.Is(err, crypt.ErrUnreadable) {
			return 0, nil, err
		}
		tell(err == nil, fmt.Sprintf("the passwords of the inbox %q", in.Name))
	}
	own := setting.NewEmail(e.db, e.box)
	masked, err := own.Get(ctx)
	if err != nil {
		return 0, nil, err
	}
	if masked.Password != "" {
		plain, err := own.Opened(ctx)
		if err != nil {
			return 0, nil, err
		}
		tell(plain.Password != "", "the password of the desk's own mail server")
	}
	providers, unknown, err := sso.Unreadable(ctx, e.db, e.box)
	if err != nil {
		return 0, nil, err
	}
	opened += providers - len(unknown)
	for _, name := range unknown {
		tell(false, fmt.Sprintf("the secret of the identity provider %q", name))
	}
	kept, unreadable, err := factor.Unreadable(ctx, e.db, e.box)
	if err != nil {
		return 0, nil, err
	}
	if kept > 0 {
		tell(unreadable == 0, fmt.Sprintf("the authenticator apps of %d agents", unreadable))
	}
	return opened, closed, nil
}
