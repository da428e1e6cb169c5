package site

import (
	"github.com/labstack/echo/v4"

	"lychgate/server/access"
)

// Pages are where the guard takes pages from: a Site, or Dev while they are
// being made.
type Pages interface {
	// Resolve returns what an escaped path leads to.
	Resolve(escaped string) Target
	// NotFound answers that there is nothing. It goes by nothing but the
	// request, so that what somebody may not know of answers exactly like what
	// does not exist.
	NotFound(c echo.Context) error
}

// Target is what a request path leads to.
type Target struct {
	// Needs are those of which one must be met, also where there is nothing.
	Needs []access.Need
	// Build says that it is a file of the build, which does not exist for whom
	// its need is not met.
	Build bool
	// AnyMethod says that it takes more than GET and HEAD.
	AnyMethod bool
	// Page is the page that was asked for with a slash behind it; empty: it was
	// not.
	Page string
	// Content is nil where there is nothing.
	Content Content
}

// Content is something that can be served to whoever may have it.
type Content interface {
	Serve(c echo.Context) error
}
