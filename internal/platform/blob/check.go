package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Check stores a small blob, reads it and deletes it, and returns what went wrong.
func Check(ctx context.Context, store Store) error {
	text := rand.Text()
	name := "check-" + strings.ToLower(text)
	_, err := store.Put(ctx, name, strings.NewReader(text))
	if err == nil {
		err = readBack(ctx, store, name, text)
	}
	return errors.Join(err, store.Delete(ctx, name))
}

func readBack(ctx context.Context, store Store, name, text string) error {
	c, err := store.Open(ctx, name)
	if err != nil {
		return err
	}
	raw, err := io.ReadAll(c)
	if err = errors.Join(err, c.Close()); err != nil {
		return fmt.Errorf("read blob: %w", err)
	}
	if string(raw) != text {
		return errors.New("what was read is not what was written")
	}
	return nil
}
