package app

import (
	"context"
	"path/filepath"

	"github.com/foyerdesk/foyer/internal/platform/blob"
	"github.com/foyerdesk/foyer/internal/platform/config"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
)

// blobDir returns where files are kept: in the data folder, unless several nodes share a folder.
func blobDir(cfg config.Config) string {
	if cfg.BlobDir != "" {
		return cfg.BlobDir
	}
	return filepath.Join(cfg.DataDir, "blobs")
}

// openBlobs opens where files are kept: a bucket, if one is named, or a folder.
func openBlobs(ctx context.Context, cfg config.Config) (blob.Store, error) {
	if cfg.S3Bucket == "" {
		return blob.NewDisk(blobDir(cfg))
	}
	s, err := blob.NewS3(blob.S3Options{URL: cfg.S3URL, Region: cfg.S3Region, Bucket: cfg.S3Bucket, Path: cfg.S3Path,
		AccessKey: cfg.S3AccessKey, SecretKey: cfg.S3SecretKey})
	if err != nil {
		return nil, err
	}
	return s, s.Check(ctx)
}

// openBox makes the box from the configured key, or from the one kept in the data folder.
func openBox(cfg config.Config) (*crypt.Box, error) {
	current, previous, err := encryptionKeys(cfg)
	if err != nil {
		return nil, err
	}
	return crypt.NewBox(current, previous...)
}

// encryptionKeys returns the key that secrets are sealed with, and those by which they are read besides it: the
// configured previous one, and that of the data folder where a key is configured in its place.
func encryptionKeys(cfg config.Config) (current []byte, previous [][]byte, err error) {
	if cfg.EncryptionKey == "" {
		keys, err := crypt.LoadOrCreateKeys(keyFile(cfg))
		if err != nil {
			return nil, nil, err
		}
		return keys[0], keys[1:], nil
	}
	if previous, err = crypt.LoadKeys(keyFile(cfg)); err != nil {
		return nil, nil, err
	}
	if cfg.PreviousEncryptionKey != "" {
		previous = append(previous, []byte(cfg.PreviousEncryptionKey))
	}
	return []byte(cfg.EncryptionKey), previous, nil
}

func keyFile(cfg config.Config) string { return filepath.Join(cfg.DataDir, "encryption.key") }
