package web

import (
	"strings"

	"github.com/labstack/echo/v4"

	"lychgate/server/audit"
)

// maxUserAgent is how much of a user agent is kept, in bytes.
const maxUserAgent = 512

// ClientOf returns where a request came from.
func ClientOf(c echo.Context) audit.Client {
	agent := c.Request().UserAgent()
	agent = strings.ToValidUTF8(agent[:min(len(agent), maxUserAgent)], "")
	return audit.Client{IP: c.RealIP(), UserAgent: agent}
}
