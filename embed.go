package main

import (
	"embed"
	"io/fs"

	"lychgate/server/cli"
)

// The export is made by `next build` and not committed; beside it stands a
// placeholder, so that this compiles before the first build. Without all: the
// files that begin with an underscore would be missing.
//
//go:embed all:frontend/out*
var frontend embed.FS

// site returns the exported frontend, or the placeholder that says how to
// build it.
func site() cli.Site {
	_, err := fs.Stat(frontend, "frontend/out/index.html")
	built := err == nil
	folder := "frontend/out"
	if !built {
		folder = "frontend/out.placeholder"
	}
	files, err := fs.Sub(frontend, folder)
	if err != nil {
		panic(err) // only a malformed path fails
	}
	return cli.Site{Files: files, Built: built}
}
