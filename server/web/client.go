package web

import (
	"strings"

	"github.com/labstack/echo/v4"

	"lychgate/server/audit"
)

// maxUserAgent is the maximum length of a stored user agent, in bytes.
const maxUserAgent = 512

// ClientOf returns the address and user agent of a request.
func ClientOf(c echo.Context) audit.Client {
	agent := c.Request().UserAgent()
	agent = strings.ToValidUTF8(agent[:min(len(agent), maxUserAgent)], "")
	return audit.Client{IP: addressOf(c), UserAgent: agent}
}
