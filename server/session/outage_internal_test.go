package session

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"lychgate/server/token"
)

// During an outage one request at a time finds out whether it is over.
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o outage
		wants := func(want ...bool) {
			t.Helper()
			for i, lasts := range want {
				if got := o.lasts(); got != lasts {
					t.Errorf("question %d: it lasts: %v, want %v", i, got, lasts)
				}
			}
		}
		wants(false, false)
		if !o.note(true) || o.note(true) {
			t.Error("the first failure alone is news")
		}
		wants(true, true)
		time.Sleep(outagePause)
		wants(false, true, true)
		time.Sleep(outagePause)
		wants(false, true)
		if !o.note(false) || o.note(false) {
			t.Error("the first success alone is news")
		}
		wants(false, false)
	})
}

// However many refresh cookies come along, two MACs are worked out.
func TestFewRefreshTokensAreLookedAt(t *testing.T) {
	var macs atomic.Int64
	s := &Service{RefreshTokens: token.Refresh{MAC: func(text string) []byte {
		macs.Add(1)
		return []byte(text)
	}}}
	good := s.RefreshTokens.Mint("session", 1)
	macs.Store(0)
	var tokens []string
	for i := range 300 {
		tokens = append(tokens, fmt.Sprintf("S.%d.x", i))
	}
	if got := s.Of(nil, append(tokens, good, "S.1.x")); len(got) != 1 || got[0] != "session" {
		t.Errorf("sessions %q", got)
	}
	if macs.Load() != mostCookies {
		t.Errorf("%d MACs, want %d", macs.Load(), mostCookies)
	}
}
