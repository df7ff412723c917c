package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3Options name a bucket of Amazon S3 or of a server that speaks its protocol.
type S3Options struct {
	URL       string // of the server; empty for Amazon's in the region
	Region    string
	Bucket    string
	Path      string // below which objects are kept in the bucket; may be empty
	AccessKey string // with the secret key empty as well: the role of the machine or the environment's credentials
	SecretKey string
}

// S3 keeps blobs as private objects of a bucket, which several nodes may share.
type S3 struct {
	client *minio.Client
	bucket string
	path   string
}

// partSize is how much of a blob is held in memory while it is stored, in bytes: the least that S3 takes as a part of an
// upload, of which there may be 10,000.
const partSize = 5 << 20

// amazon is where buckets are when no server is named.
const amazon = "https://s3.amazonaws.com"

// NewS3 returns a store in a bucket that exists. It does not ask the server yet: see [S3.Check].
func NewS3(o S3Options) (*S3, error) {
	if o.Bucket == "" {
		return nil, errors.New("s3_bucket is empty")
	}
	address := o.URL
	if address == "" {
		address = amazon
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("s3_url %q must be http:// or https:// with a host and no path", o.URL)
	}
	if (o.AccessKey == "") != (o.SecretKey == "") {
		return nil, errors.New("s3_access_key and s3_secret_key must be given together, or neither of them")
	}
	creds := credentials.NewStaticV4(o.AccessKey, o.SecretKey, "")
	if o.AccessKey == "" {
		creds = credentials.NewChainCredentials([]credentials.Provider{&credentials.EnvAWS{}, &credentials.IAM{}})
	}
	client, err := minio.New(u.Host, &minio.Options{Creds: creds, Secure: u.Scheme == "https", Region: o.Region})
	if err != nil {
		return nil, fmt.Errorf("set up S3: %w", err)
	}
	return &S3{client, o.Bucket, strings.Trim(o.Path, "/")}, nil
}

// Check reports whether the bucket is there and may be used.
func (s *S3) Check(ctx context.Context) error {
	there, err := s.client.BucketExists(ctx, s.bucket)
	if err != nil {
		return fmt.Errorf("look for the bucket %s: %w", s.bucket, err)
	}
	if !there {
		return fmt.Errorf("there is no bucket %s", s.bucket)
	}
	return nil
}

// Kind implements [Store].
func (*S3) Kind() string { return "s3" }

func (s *S3) key(name string) (string, error) {
	if !ValidName(name) {
		return "", fmt.Errorf("blob name %q is not allowed", name)
	}
	return path.Join(s.path, name), nil
}

// Put implements [Store]. An object is there whole or not at all: larger ones are sent in parts, which the server puts
// together at the end.
func (s *S3) Put(ctx context.Context, name string, r io.Reader) (int64, error) {
	key, err := s.key(name)
	if err != nil {
		return 0, err
	}
	// What fits into one part has a size to tell, and is one request.
	head, err := io.ReadAll(io.LimitReader(r, partSize))
	if err != nil {
		return 0, fmt.Errorf("store blob: %w", err)
	}
	body, size := io.Reader(bytes.NewReader(head)), int64(len(head))
	if size == partSize {
		body, size = io.MultiReader(body, r), -1
	}
	// The bytes are covered by a checksum; signing them as they stream is what not every server understands.
	info, err := s.client.PutObject(ctx, s.bucket, key, body, size,
		minio.PutObjectOptions{ContentType: "application/octet-stream", PartSize: partSize, DisableContentSha256: true})
	if err != nil {
		return 0, fmt.Errorf("store blob: %w", err)
	}
	return info.Size, nil
}

// object is an open object. Reading it anywhere asks the server for that part only.
type object struct {
	*minio.Object
	info minio.ObjectInfo
}

func (o object) Size() int64        { return o.info.Size }
func (o object) ModTime() time.Time { return o.info.LastModified }

// Open implements [Store].
func (s *S3) Open(ctx context.Context, name string) (Content, error) {
	key, err := s.key(name)
	if err != nil {
		return nil, err
	}
	o, err := s.client.GetObject(ctx, s.bucket, key, minio.GetObjectOptions{})
	if err != nil {
		return nil, fmt.Errorf("open blob: %w", err)
	}
	info, err := o.Stat()
	if err == nil {
		return object{o, info}, nil
	}
	_ = o.Close()
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return nil, ErrNotFound
	}
	return nil, fmt.Errorf("open blob: %w", err)
}

// Delete implements [Store].
func (s *S3) Delete(ctx context.Context, name string) error {
	key, err := s.key(name)
	if err != nil {
		return err
	}
	if err := s.client.RemoveObject(ctx, s.bucket, key, minio.RemoveObjectOptions{}); err != nil {
		return fmt.Errorf("delete blob: %w", err)
	}
	return nil
}
