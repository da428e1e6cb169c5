package access

// Identity is who is calling, as far as a verified token tells.
type Identity struct {
	UserID    string
	SessionID string
}
