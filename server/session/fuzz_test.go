package session

import (
	"crypto/rand"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"lychgate/server/store"
)

// FuzzSessionPlace wants a place that is accepted to be written the same way
// again.
func FuzzSessionPlace(f *testing.F) {
	good := placeText(store.SessionPlace{CreatedAt: time.UnixMilli(1_770_000_000_000), ID: rand.Text()})
	for _, text := range []string{
		"", good, good + "=", good + "A", good[1:], strings.ToLower(good), "*", strings.Repeat("A", maxPlaceLength+1),
		base64.RawURLEncoding.EncodeToString([]byte("1")), base64.RawURLEncoding.EncodeToString([]byte("1 ")), base64.RawURLEncoding.EncodeToString([]byte(" x")),
		base64.RawURLEncoding.EncodeToString([]byte("01 x")), base64.RawURLEncoding.EncodeToString([]byte("+1 x")), base64.RawURLEncoding.EncodeToString([]byte("-1 x")),
		base64.RawURLEncoding.EncodeToString([]byte("9223372036854775808 x")), base64.RawURLEncoding.EncodeToString([]byte("1 x\n y")),
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		place, ok := readPlace(text)
		if ok && (placeText(place) != text || place.ID == "" || len(text) > maxPlaceLength) {
			t.Fatalf("%q is accepted as %+v", text, place)
		}
		if ok != (text != "" && placeText(place) == text && place.ID != "" && len(text) <= maxPlaceLength) {
			t.Fatalf("%q is refused, and is the spelling of %+v", text, place)
		}
	})
}
