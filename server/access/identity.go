package access

// Identity is the authenticated caller, as stated by a verified token.
type Identity struct {
	UserID    string
	SessionID string
}
