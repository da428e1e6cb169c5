package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/alecthomas/kong"

	"lychgate/server/origin"
	"lychgate/server/secret"
)

// The functions below read one type each from text. Their errors say what the
// text must be, and never repeat it.

func readText(text string, tag *kong.Tag) (string, error) {
	if words := tag.Get("oneof"); words != "" && !slices.Contains(strings.Split(words, ","), text) {
		return "", errors.New("it must be " + either(words))
	}
	return text, nil
}

func readLevel(text string, tag *kong.Tag) (level slog.Level, err error) {
	if _, err := readText(text, tag); err != nil {
		return 0, err
	}
	return level, level.UnmarshalText([]byte(text))
}

func readDirectory(text string, _ *kong.Tag) (string, error) {
	if text == "" {
		return "", errors.New("it must not be empty")
	}
	return text, nil
}

func readAddress(text string, _ *kong.Tag) (string, error) {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return "", errors.New("it must be host:port, such as localhost:8080 or :8080")
	}
	if number, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(number, 10) != port {
		return "", errors.New("its port must be a number from 0 to 65535")
	}
	return text, nil
}

func readOrigin(text string, _ *kong.Tag) (origin.Origin, error) {
	if text == "" {
		return origin.Origin{}, nil
	}
	return origin.Parse(text)
}

// readContact reads an address that becomes a link on a page.
func readContact(text string, _ *kong.Tag) (string, error) {
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > unicode.MaxASCII || strings.ContainsRune("\x7f\"<>\\", r) }) {
		return "", errContact
	}
	if text == "" {
		return "", nil
	}
	if strings.Contains(text, "://") {
		page, err := url.Parse(text)
		if err != nil || page.Scheme != "https" || page.User != nil {
			return "", errContact
		}
		// Browsers must be able to read it too. They take a name that ends in a
		// number for an IPv4 address.
		if _, err := origin.Parse("https://" + page.Host); err != nil {
			return "", err
		}
		host := page.Hostname()
		if _, err := netip.ParseAddr(host); err != nil && strings.Trim(host[strings.LastIndexByte(host, '.')+1:], "0123456789") == "" {
			return "", errContact
		}
		return text, nil
	}
	address, err := mail.ParseAddress(text)
	if err != nil || address.Address != text {
		return "", errContact
	}
	return text, nil
}

var errContact = errors.New("it must be an e-mail address, such as help@example.com, or a URL that begins with https://, without spaces, quotes and characters outside ASCII (write them as %20 or, in a host, as xn--…)")

func readDuration(text string, tag *kong.Tag) (time.Duration, error) {
	duration, err := time.ParseDuration(text)
	if err != nil {
		return 0, errors.New("it must be a duration, such as 30s, 15m or 168h")
	}
	if !within(duration, tag, time.ParseDuration) {
		return 0, fmt.Errorf("it must be%s", bounds(tag))
	}
	return duration, nil
}

func readSeconds(text string, tag *kong.Tag) (time.Duration, error) {
	duration, err := readDuration(text, tag)
	if err == nil && duration%time.Second != 0 { // tokens tell their times in seconds
		err = errors.New("it must be whole seconds")
	}
	return duration, err
}

func readNumber(text string, tag *kong.Tag) (int, error) {
	number, err := strconv.Atoi(text)
	if err != nil || !within(number, tag, strconv.Atoi) {
		return 0, fmt.Errorf("it must be a number%s", bounds(tag))
	}
	return number, nil
}

// within reports whether a value keeps to the bounds of its tags, if it has
// any.
func within[T int | time.Duration](value T, tag *kong.Tag, parse func(string) (T, error)) bool {
	if !tag.Has("min") {
		return true
	}
	least, leastErr := parse(tag.Get("min"))
	most, mostErr := parse(tag.Get("max"))
	return leastErr == nil && mostErr == nil && least <= value && value <= most
}

func bounds(tag interface{ Get(string) string }) string {
	if tag.Get("min") == "" {
		return ""
	}
	return " from " + tag.Get("min") + " to " + tag.Get("max")
}

func readRate(text string, _ *kong.Tag) (Rate, error) {
	units := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}
	attempts, unit, _ := strings.Cut(text, "/")
	number, err := strconv.Atoi(attempts)
	if err != nil || number < 1 || number > 1_000_000 || units[unit] == 0 {
		return Rate{}, errors.New("it must be a number from 1 to 1000000 per second, minute or hour: N/s, N/m or N/h")
	}
	return Rate{Attempts: number, Per: units[unit]}, nil
}

func readSwitch(text string, _ *kong.Tag) (bool, error) {
	on, err := strconv.ParseBool(text)
	if err != nil {
		return false, errors.New("it must be true or false")
	}
	return on, nil
}

func readRange(text string, _ *kong.Tag) (netip.Prefix, error) {
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		if address, addressErr := netip.ParseAddr(text); addressErr == nil && address.Zone() == "" {
			prefix, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
	}
	if err != nil {
		return netip.Prefix{}, errors.New("it must be an address or a range, such as 10.0.0.7 or 10.0.0.0/24")
	}
	if address := prefix.Addr(); address.Is4In6() && prefix.Bits() >= 96 { // peers are written as IPv4
		prefix = netip.PrefixFrom(address.Unmap(), prefix.Bits()-96)
	}
	return prefix.Masked(), nil
}

func readSecret(text string, _ *kong.Tag) (string, error) {
	_, err := secret.NewRoot(text)
	return text, err
}
