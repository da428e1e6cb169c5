package limit

import (
	"encoding/binary"
	"net/netip"
	"testing"
)

// FuzzAddressKey checks that different clients are counted apart and one client
// together: IPv4 in any spelling, IPv6 by its /64.
func FuzzAddressKey(f *testing.F) {
	for _, text := range []string{
		"", "192.0.2.1", "::ffff:192.0.2.1", "::ffff:c000:201", "192.0.2.01", "2001:db8::1", "2001:DB8:0:0:ffff::", "fe80::1%eth0", "::1", "::", "64:ff9b::192.0.2.1",
		"2001:db8::1/64", "[2001:db8::1]", "192.0.2.1:80", "unknown", "_hidden", "192.0.2.1\n", "192.0.2.1, 192.0.2.2",
	} {
		f.Add(text, uint64(1))
	}
	f.Fuzz(func(t *testing.T, text string, other uint64) {
		key := AddressKey(text)
		if again := AddressKey(key); again != key {
			t.Fatalf("%q is counted as %q, and that as %q", text, key, again)
		}
		address, err := netip.ParseAddr(text)
		if err != nil {
			if key != text {
				t.Fatalf("%q, which is no address, is counted as %q", text, key)
			}
			return
		}
		address = address.Unmap().WithZone("")
		if address.Is4() {
			if key != address.String() || AddressKey("::ffff:"+key) != key {
				t.Fatalf("%q is counted as %q, and as %q in IPv6", text, key, AddressKey("::ffff:"+key))
			}
			return
		}
		neighbour, stranger := address.As16(), address.As16()
		binary.BigEndian.PutUint64(neighbour[8:], other)
		binary.BigEndian.PutUint64(stranger[:8], other)
		if with := netip.AddrFrom16(neighbour); with.Unmap() == with && AddressKey(with.String()) != key {
			t.Fatalf("%q is counted as %q, and %s of the same /64 as %q", text, key, with, AddressKey(with.String()))
		}
		if from := netip.AddrFrom16(stranger); (AddressKey(from.String()) == key) != (stranger == address.As16()) {
			t.Fatalf("%q is counted as %q, and %s of another /64 as %q", text, key, from, AddressKey(from.String()))
		}
	})
}
