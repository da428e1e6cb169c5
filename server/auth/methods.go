package auth

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// methods is what the sign-in pages offer.
type methods struct {
	Password          bool       `json:"password"`
	PasswordMin       int        `json:"passwordMin"`
	Signup            string     `json:"signup"`
	Mail              bool       `json:"mail"`
	EmailVerification string     `json:"emailVerification"`
	EmailCodes        bool       `json:"emailCodes"`
	Providers         []provider `json:"providers"`
	Support           string     `json:"support,omitempty"`
}

// provider is another service that can sign people in.
type provider struct {
	ID    string `json:"id"`
	Label string `json:"label"`
}

// Methods answers GET /api/auth/methods, the same to everybody. There is neither
// mail nor a provider yet.
func (h Handlers) Methods(c echo.Context) error {
	answer := methods{
		Password: true, PasswordMin: h.Service.Passwords.Policy.MinLength, Signup: "open",
		EmailVerification: "off", Providers: []provider{}, Support: h.Support,
	}
	if h.Service.SignupClosed {
		answer.Signup = "closed"
	}
	c.Response().Header().Set(echo.HeaderCacheControl, "public, max-age=60")
	return c.JSON(http.StatusOK, answer)
}
