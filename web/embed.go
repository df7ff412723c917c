// Package web holds the built browser applications, so that the binary serves
// them without a file beside it.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:desk/dist
var dist embed.FS

// Desk returns the built agent and admin application: index.html at its root,
// content-hashed files under assets/, and .br and .gz siblings of the text
// files. Before the first web build it holds nothing to serve.
func Desk() fs.FS {
	desk, err := fs.Sub(dist, "desk/dist")
	if err != nil {
		panic(err) // the path is a constant that the embed directive checked
	}
	return desk
}
