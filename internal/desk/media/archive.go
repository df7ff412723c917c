package media

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// The bounds of an archive: what the largest mails have.
const (
	maxArchiveFiles = 1000
	maxArchiveBytes = 1 << 30
)

// WriteArchive writes files as a zip archive, as they are read from where they are kept. Begin is called before the first
// byte. The names in it are those of the files, made unique, and safe on every system. Before that: NotFound if there are no
// files, TooLarge for more than 1000 files or 1 GiB. An error after it leaves an archive that is not whole.
func (s *Service) WriteArchive(ctx context.Context, w io.Writer, files []Attachment, begin func()) error {
	sum := int64(0)
	for _, f := range files {
		sum += f.Size
	}
	switch {
	case len(files) == 0:
		return fault.Missing("file")
	case len(files) > maxArchiveFiles || sum > maxArchiveBytes:
		return fault.New(fault.TooLarge, "error.archive_too_large", "max", strconv.Itoa(maxArchiveBytes/megabyte))
	}
	begin()
	z := zip.NewWriter(w)
	taken := map[string]bool{}
	for _, f := range files {
		if err := s.archive(ctx, z, f, entryName(f.Name, taken)); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("end the archive: %w", err)
	}
	return nil
}

// archive adds one file. Most attachments are compressed by their format: compressing them again gains nothing.
func (s *Service) archive(ctx context.Context, z *zip.Writer, f Attachment, name string) error {
	content, err := s.blobs.Open(ctx, f.UUID)
	if err != nil {
		return fmt.Errorf("open file %s for an archive: %w", f.UUID, err)
	}
	w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store, Modified: content.ModTime().UTC().Truncate(time.Second)})
	if err == nil {
		_, err = io.Copy(w, content)
	}
	if err = errors.Join(err, content.Close()); err != nil {
		return fmt.Errorf("put file %s into an archive: %w", f.UUID, err)
	}
	return nil
}

// reserved are the names that are devices on Windows, with any extension.
var reserved = map[string]bool{"con": true, "prn": true, "aux": true, "nul": true}

// entryName returns a name that no other of the archive has, on systems that do not tell capitals from small letters
// either.
func entryName(name string, taken map[string]bool) string {
	name = cleanName(name)
	ext := path.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	device := strings.ToLower(stem)
	if reserved[device] || len(device) == 4 && (device[:3] == "com" || device[:3] == "lpt") && device[3] >= '0' && device[3] <= '9' {
		stem = "_" + stem
	}
	name = stem + ext
	for n := 2; taken[strings.ToLower(name)]; n++ {
		name = stem + " (" + strconv.Itoa(n) + ")" + ext
	}
	taken[strings.ToLower(name)] = true
	return name
}
