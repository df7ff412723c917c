package crypt

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// NewKey returns a random key.
func NewKey() []byte {
	key := make([]byte, KeySize)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	return key
}

// LoadOrCreateKeys is LoadKeys, and makes the file with a random key and mode 0600 if there is none.
func LoadOrCreateKeys(path string) ([][]byte, error) {
	keys, err := LoadKeys(path)
	if err != nil || len(keys) > 0 {
		return keys, err
	}
	keys = [][]byte{NewKey()}
	return keys, createKeys(path, keys)
}

// LoadKeys reads the keys kept in a file, one a line in hexadecimal, the current one first. There is more than one only
// while the key is being replaced; there is none if there is no file.
func LoadKeys(path string) (keys [][]byte, err error) {
	data, err := os.ReadFile(path) //nolint:gosec // the operator's data folder
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the encryption key: %w", err)
	}
	lines := strings.Fields(string(data))
	for _, line := range lines {
		if key, err := hex.DecodeString(line); err == nil && len(key) == KeySize {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 || len(keys) < len(lines) {
		return nil, fmt.Errorf("%s does not hold an encryption key of %d bytes in hexadecimal", path, KeySize)
	}
	return keys, nil
}

func createKeys(path string, keys [][]byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("make the folder of the encryption key: %w", err)
	}
	return writeKeys(path, keys)
}

// ReplaceKeys writes the keys of a file anew: whoever reads it, even after the power failed, finds the old ones or the
// new ones.
func ReplaceKeys(path string, keys [][]byte) error {
	next := path + ".new"
	if err := os.Remove(next); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("clear what an earlier attempt left: %w", err)
	}
	if err := writeKeys(next, keys); err != nil {
		return err
	}
	if err := os.Rename(next, path); err != nil {
		return fmt.Errorf("replace the encryption key: %w", err)
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("open the folder of the encryption key: %w", err)
	}
	return errors.Join(folder.Sync(), folder.Close()) // the new name is on disk, too
}

func writeKeys(path string, keys [][]byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the operator's data folder
	if err != nil {
		return fmt.Errorf("write the encryption key: %w", err)
	}
	for _, key := range keys {
		_, werr := fmt.Fprintln(f, hex.EncodeToString(key))
		err = errors.Join(err, werr)
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write the encryption key: %w", err)
	}
	return nil
}
