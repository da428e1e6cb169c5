package user

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"

	"lychgate/server/audit"
	"lychgate/server/store"
)

const goodHash = "$2y$10$MTIzNDU2Nzg5MDEyMzQ1Nej0NmcAWSLR.oP7XOR9HD/vjUuOj100y"

func nobodyExists(string) (bool, error) { return false, nil }

// faultsOf returns what is wrong with lines, less the last word.
func faultsOf(t *testing.T, text string) []string {
	t.Helper()
	_, err := ReadImport(strings.NewReader(text), time.Now(), nobodyExists)
	if err == nil {
		return nil
	}
	var faults *ImportFaults
	if !errors.As(err, &faults) {
		t.Fatalf("%q: %v", text, err)
	}
	lines := strings.Split(err.Error(), "\n")
	if lines[len(lines)-1] != "nothing was imported" {
		t.Errorf("%q: %q", text, err)
	}
	return lines[:len(lines)-1]
}

func TestImportLines(t *testing.T) {
	with := func(hash string) string { return `{"email":"ada@example.com","passwordHash":"` + hash + `"}` }
	const noHash, noJSON = "line 1: passwordHash: It is not a bcrypt hash", "line 1: It is not one valid JSON object"
	for _, test := range []struct{ line, want string }{
		{with(goodHash), ""},
		{with("$2a$04" + goodHash[6:]), ""}, {with("$2b$16" + goodHash[6:]), ""},
		{with(goodHash) + "\r", ""}, {" " + with(goodHash) + "\t", ""},
		{"", ""}, {"   ", ""},

		{with("$2y$17" + goodHash[6:]), "line 1: passwordHash: Its cost 17 is more than 16"},
		{with("$2y$31" + goodHash[6:]), "line 1: passwordHash: Its cost 31 is more than 16"},
		{with("$2y$03" + goodHash[6:]), "line 1: passwordHash: It has a cost that bcrypt does not support"},
		{with("$2y$32" + goodHash[6:]), "line 1: passwordHash: It has a cost that bcrypt does not support"},
		{with("$2x$10" + goodHash[6:]), noHash}, {with("$2$10" + goodHash[6:]), noHash}, {with(goodHash[1:]), noHash},
		{with(goodHash[:59]), noHash}, {with(goodHash + "y"), noHash}, {with(goodHash + `\n`), noHash}, {with(goodHash[:59] + "="), noHash},
		{with("bcrypt$" + goodHash), noHash}, {with("$2y$1" + goodHash[6:]), noHash}, {with(`\u0000` + goodHash[1:]), noHash}, {with(" " + goodHash), noHash},
		{with(""), "line 1: passwordHash: It is empty"},

		{with(goodHash) + with(goodHash), noJSON}, {with(goodHash) + "x", noJSON}, {with(goodHash) + " null", noJSON}, {with(goodHash)[1:], "line 1: It is not a JSON object."},
		{"{", noJSON}, {"{email: 1}", noJSON}, {"\ufeff" + with(goodHash), "line 1: It begins with an invisible byte order mark"}, {"{\"email\":\"\xff\"}", "line 1: It is not UTF-8"}, {"\xff\xfe{\x00", "line 1: It is not UTF-8"}, {"{\"email\":\"\x00\"}", noJSON}, {"x", noJSON},
		{"[]", "line 1: It is not a JSON object."}, {`"x"`, "line 1: It is not a JSON object."}, {"1", "line 1: It is not a JSON object."}, {"null", "line 1: It is null"},
		{`{"email":"a@example.com","email":"b@example.com"}`, "line 1: It names a member twice."},
		{`{"email":"ada@example.com","Email":"ada@example.com"}`, "line 1: It has an unknown member"},
		{`{"email":"ada@example.com","password":"x"}`, "line 1: It has an unknown member"},
		{`{"email":1}`, "line 1: email: It is of the wrong type."}, {`{"email":null}`, "line 1: email: It is null"},
		{`{"emailVerified":"yes"}`, "line 1: emailVerified: It is of the wrong type."}, {`{"emailVerified":1}`, "line 1: emailVerified: It is of the wrong type."},
		{`{"name":["x"]}`, "line 1: name: It is of the wrong type."},
		{`{"email":"ada@example.com"}`, "line 1: passwordHash: It is missing."}, {`{"passwordHash":"` + goodHash + `"}`, "line 1: email: It is missing."},
		{`{"email":"ada@example.com\u0000","passwordHash":"` + goodHash + `"}`, "line 1: email: "},
		{`{"email":"ada@example.com","passwordHash":"` + goodHash + `","name":"a\u0000"}`, "line 1: name: "},
		{`{"email":"ada@example.com","passwordHash":"` + goodHash + `","name":"` + strings.Repeat("x", 101) + `"}`, "line 1: name: "},
		{strings.Repeat(" ", MaxImportLine), ""}, {strings.Repeat(" ", MaxImportLine+1), "line 1: It is longer than 64 KiB."}, {strings.Repeat("x", 10*MaxImportLine), "line 1: It is longer than 64 KiB."},
	} {
		for _, text := range []string{test.line, test.line + "\n", test.line + "\n\n"} {
			got := faultsOf(t, text)
			if test.want == "" && len(got) != 0 || test.want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], test.want)) {
				t.Errorf("%.200q: %q, want %q", text, got, test.want)
			}
			if strings.Contains(strings.Join(got, " "), goodHash[7:]) {
				t.Errorf("%.200q: the fault quotes the hash", text)
			}
		}
	}
}

// All faults are told, by line, but not endlessly.
func TestImportFaultsAreCounted(t *testing.T) {
	got := faultsOf(t, "x\n"+strings.Repeat("x", 100_000)+"\n\n"+`{"email":"ada@example.com","passwordHash":"`+goodHash+`"}`+"\n"+`{"email":"ADA@example.COM","passwordHash":"x"}`)
	want := []string{"line 1: It is not one", "line 2: It is longer", "line 5: passwordHash: ", "line 5: email: It is the address of line 4 too."}
	if !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("faults %q, want %q", got, want)
	}
	got = faultsOf(t, strings.Repeat("x\n", 250))
	if len(got) != 101 || !strings.HasPrefix(got[99], "line 100: ") || got[100] != "and 150 more" {
		t.Errorf("%d faults, the last %q", len(got), got[len(got)-1])
	}
}

// An account that was made after the lines were read: then nothing is imported.
func TestImportIsAllOrNothing(t *testing.T) {
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "lychgate.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	o := Service{Store: s, Now: time.Now}
	line := `{"email":"%s@example.com","passwordHash":"` + goodHash + `"}` + "\n"
	read, err := ReadImport(strings.NewReader(fmt.Sprintf(line, "ada")+fmt.Sprintf(line, "bob")), time.Now(), nobodyExists)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), func(q *store.Queries) error {
		return q.CreateUser(t.Context(), store.User{ID: "x", Email: "bob@example.com"})
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Import(t.Context(), read, audit.CommandLine()); err == nil || !strings.HasPrefix(err.Error(), "line 2: email: There is an account") {
		t.Errorf("error %v", err)
	}
	for email, want := range map[string]bool{"ada@example.com": false, "bob@example.com": true} {
		if exists, err := o.Exists(t.Context(), email); err != nil || exists != want {
			t.Errorf("%s: %v, %v", email, exists, err)
		}
	}
	for line, err := range s.Read().AuditSince(t.Context(), time.Time{}) {
		t.Errorf("audit %v, %v", line, err)
	}
}

func TestImportThatCannotBeRead(t *testing.T) {
	broken := errors.New("the disk broke")
	for name, from := range map[string]error{"of the input": broken, "of the database": nil} {
		lines := iotest.ErrReader(from)
		if from == nil {
			lines = strings.NewReader(`{"email":"ada@example.com"}`)
		}
		_, err := ReadImport(lines, time.Now(), func(string) (bool, error) { return false, broken })
		if !errors.Is(err, broken) {
			t.Errorf("an error %s: %v", name, err)
		}
	}
}

// Whatever stands in a file, each line is either a sound account or at fault.
func FuzzImport(f *testing.F) {
	for _, text := range []string{
		"", "\n", `{"email":"ada@example.com","passwordHash":"` + goodHash + `","name":"Ada","emailVerified":true}`, "{}\n[]\nnull\n\"\"\n", "{\"email\":\"\\ud800\"}", strings.Repeat("x", MaxImportLine+2) + "\n{}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		read, err := ReadImport(bytes.NewReader(text), time.UnixMilli(0), nobodyExists)
		var faults *ImportFaults
		if err != nil && !errors.As(err, &faults) {
			t.Fatal(err)
		}
		if lines := strings.Count(words(err), "\n"); lines > mostImportFaults+1 {
			t.Errorf("%d lines of faults", lines)
		}
		if !utf8.ValidString(words(err)) {
			t.Errorf("the faults are no text: %q", err)
		}
		if err != nil {
			return
		}
		filled := 0
		for line := range bytes.Lines(text) {
			if len(bytes.TrimSpace(line)) > 0 {
				filled++
			}
		}
		if filled != len(read.users) {
			t.Errorf("%d accounts of %d lines", len(read.users), filled)
		}
		for _, user := range read.users {
			again, err := CanonicalEmail(user.Email)
			if name, nameFaults := CheckName(user.Name); err != nil || again != user.Email || len(nameFaults) != 0 || name != user.Name || hashFault(user.PasswordHash) != "" || user.ID == "" {
				t.Errorf("%+v", user)
			}
		}
	})
}

func words(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
