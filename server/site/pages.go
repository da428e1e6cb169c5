package site

import (
	"github.com/labstack/echo/v4"

	"lychgate/server/access"
)

// Pages is the source of the guard's pages: a Site or, during development, Dev.
type Pages interface {
	// Resolve returns the target of an escaped path.
	Resolve(escaped string) Target
	// NotFound answers that nothing exists. The answer depends only on the
	// request, so that hidden pages answer exactly like missing ones.
	NotFound(c echo.Context) error
}

// Target is what a request path leads to.
type Target struct {
	// Needs are the needs of which one must be met, even if there is no
	// content.
	Needs []access.Need
	// Build marks a build file, which looks missing to callers who do not meet
	// its need.
	Build bool
	// AnyMethod accepts methods other than GET and HEAD.
	AnyMethod bool
	// Page is the page requested with a trailing slash, or empty.
	Page string
	// Content is nil if nothing exists.
	Content Content
}

// Content can be served to a caller with access.
type Content interface {
	Serve(c echo.Context) error
}
