package user

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"lychgate/server/audit"
	"lychgate/server/problem"
	"lychgate/server/store"
)

const (
	// MaxImportLine is the longest line of an import, in bytes.
	MaxImportLine = 64 << 10
	// mostImportFaults is how many faults of an import are listed.
	mostImportFaults = 100
)

// ImportFaults are what is wrong with the lines of an import.
type ImportFaults struct {
	lines []string
	more  int
}

// Error lists the first faults, one per line, and says how many more there are.
func (f *ImportFaults) Error() string {
	lines := slices.Clone(f.lines)
	if f.more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", f.more))
	}
	return strings.Join(append(lines, "nothing was imported"), "\n")
}

func (f *ImportFaults) add(line int, field, detail string) {
	if len(f.lines) == mostImportFaults {
		f.more++
		return
	}
	if field != "" {
		field += ": "
	}
	f.lines = append(f.lines, fmt.Sprintf("line %d: %s%s", line, field, detail))
}

// importLine is a line of an import. Missing members are nil.
type importLine struct {
	Email         *string `json:"email"`
	Name          *string `json:"name"`
	PasswordHash  *string `json:"passwordHash"`
	EmailVerified *bool   `json:"emailVerified"`
}

// Import holds the accounts that an import will create.
type Import struct {
	users  []store.User
	lineOf map[string]int // by canonical address
}

// ReadImport reads JSON lines with the password hashes of another system; exists
// reports whether an address has an account here. It returns ImportFaults if any
// line is at fault.
func ReadImport(lines io.Reader, now time.Time, exists func(email string) (bool, error)) (Import, error) {
	read := Import{lineOf: map[string]int{}}
	faults := &ImportFaults{}
	now = now.UTC().Truncate(time.Millisecond)
	err := eachLine(lines, func(number int, line []byte, tooLong bool) error {
		if tooLong {
			faults.add(number, "", fmt.Sprintf("It is longer than %d KiB.", MaxImportLine>>10))
			return nil
		}
		if len(bytes.TrimSpace(line)) == 0 {
			return nil
		}
		user, fields := readImportLine(line)
		for _, field := range fields {
			faults.add(number, field.Field, field.Detail)
		}
		if user.Email == "" {
			return nil
		}
		if first, twice := read.lineOf[user.Email]; twice {
			faults.add(number, "email", "It is the address of line "+strconv.Itoa(first)+" too.")
			return nil
		}
		read.lineOf[user.Email] = number
		taken, err := exists(user.Email)
		if err != nil {
			return err
		}
		if taken {
			faults.add(number, "email", "There is an account with this e-mail address already.")
		}
		user.ID, user.CreatedAt = rand.Text(), now
		read.users = append(read.users, user)
		return nil
	})
	if err == nil && len(faults.lines) > 0 {
		err = faults
	}
	return read, err
}

// Import creates all the accounts or none, and returns how many.
func (s Service) Import(ctx context.Context, read Import, by audit.By) (int, error) {
	// However many they are, it is one transaction.
	return len(read.users), s.Store.WriteLong(ctx, func(q *store.Queries) error {
		for _, user := range read.users {
			err := q.CreateUser(ctx, user)
			if errors.Is(err, store.ErrEmailTaken) { // since it was read
				faults := &ImportFaults{}
				faults.add(read.lineOf[user.Email], "email", "There is an account with this e-mail address already.")
				return faults
			}
			if err != nil {
				return err
			}
			if err := s.audit(ctx, q, audit.UserImported, user.ID, by); err != nil {
				return err
			}
		}
		return nil
	})
}

// eachLine calls do for each line, counted from 1, without its line break, until
// it returns an error. It does not keep a line that is too long.
func eachLine(from io.Reader, do func(number int, line []byte, tooLong bool) error) error {
	reader := bufio.NewReaderSize(from, MaxImportLine+2) // and a line break
	for number := 1; ; number++ {
		line, err := reader.ReadSlice('\n')
		tooLong := false
		for errors.Is(err, bufio.ErrBufferFull) {
			tooLong = true
			line, err = reader.ReadSlice('\n')
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read line %d: %w", number, err)
		}
		if len(line) > 0 || tooLong {
			line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
			if tooLong = tooLong || len(line) > MaxImportLine; tooLong {
				line = nil
			}
			if err := do(number, line, tooLong); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
	}
}

// readImportLine returns the account of a line, as far as it can be read, and its
// faults. The address is empty if it is at fault.
func readImportLine(line []byte) (store.User, []problem.Field) {
	read, fault := decodeImportLine(line)
	if fault != nil {
		return store.User{}, []problem.Field{*fault}
	}
	var user store.User
	var faults []problem.Field
	missing := func(field string) {
		faults = append(faults, problem.Field{Field: field, Code: "required", Detail: "It is missing."})
	}
	if read.Email == nil {
		missing("email")
	} else if email, err := CanonicalEmail(*read.Email); err != nil {
		faults = append(faults, problem.From(err).Fields...)
	} else {
		user.Email = email
	}
	if read.Name != nil {
		name, nameFaults := CheckName(*read.Name)
		user.Name, faults = name, append(faults, nameFaults...)
	}
	if read.PasswordHash == nil {
		missing("passwordHash")
	} else if detail := hashFault(*read.PasswordHash); detail != "" {
		faults = append(faults, problem.Field{Field: "passwordHash", Code: "invalid_hash", Detail: detail})
	} else {
		user.PasswordHash = *read.PasswordHash
	}
	user.EmailVerified = read.EmailVerified != nil && *read.EmailVerified
	return user, faults
}

// decodeImportLine reads the one JSON object of a line, strictly: no unknown member,
// no duplicates, no null, no wrong type. Its fault never quotes the line, which
// holds a hash.
func decodeImportLine(line []byte) (read importLine, fault *problem.Field) {
	err := json.Unmarshal(line, &read, json.RejectUnknownMembers(true))
	var semantic *json.SemanticError
	var syntactic *jsontext.SyntacticError
	switch {
	case bytes.HasPrefix(line, []byte("\ufeff")):
		return importLine{}, &problem.Field{Detail: "It begins with an invisible byte order mark: save the file as UTF-8 without one."}
	case !utf8.Valid(line):
		return importLine{}, &problem.Field{Detail: "It is not UTF-8: convert the file."}
	case err == nil:
		if at := nullIn(line); at != nil {
			return importLine{}, &problem.Field{Field: *at, Detail: "It is null; leave it out, or give a value."}
		}
		return read, nil
	case errors.Is(err, jsontext.ErrDuplicateName):
		return importLine{}, &problem.Field{Detail: "It names a member twice."}
	case errors.As(err, &syntactic):
		return importLine{}, &problem.Field{Detail: fmt.Sprintf("It is not one valid JSON object (see byte %d).", syntactic.ByteOffset+1)}
	case errors.As(err, &semantic) && errors.Is(err, json.ErrUnknownName):
		return importLine{}, &problem.Field{Detail: "It has an unknown member: only email, name, passwordHash and emailVerified are allowed."}
	case errors.As(err, &semantic) && semantic.JSONPointer != "":
		return importLine{}, &problem.Field{Field: strings.TrimPrefix(string(semantic.JSONPointer), "/"), Detail: "It is of the wrong type."}
	}
	return importLine{}, &problem.Field{Detail: "It is not a JSON object."}
}

// nullIn returns where a null stands, which the decoder ignores.
func nullIn(line []byte) *string {
	decoder := jsontext.NewDecoder(bytes.NewReader(line))
	for token, err := decoder.ReadToken(); err == nil; token, err = decoder.ReadToken() {
		if token.Kind() == jsontext.KindNull {
			at := strings.TrimPrefix(string(decoder.StackPointer()), "/")
			return &at
		}
	}
	return nil // the decoder has found no other fault
}

// dearestImport is the highest bcrypt cost of a hash that can be imported, since the
// first sign-in has to pay it. It is the highest that --bcrypt-cost allows.
const dearestImport = 16

// bcryptHash is a hash as bcrypt writes it: its version, the cost, 22
// characters of salt and 31 of hash.
var bcryptHash = regexp.MustCompile(`^\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}$`)

// hashFault returns what is wrong with the hash of another system, if anything. An
// empty hash is a fault too: that person could not sign in.
func hashFault(hash string) string {
	if hash == "" {
		return "It is empty: without a password this person could not sign in."
	}
	found := bcryptHash.FindStringSubmatch(hash)
	if found == nil {
		return "It is not a bcrypt hash: $2a$, $2b$ or $2y$, two digits, $, and 53 characters of ./A-Za-z0-9."
	}
	cost, err := strconv.Atoi(found[1])
	switch {
	case err != nil || cost < 4 || cost > 31:
		return "It has a cost that bcrypt does not support: " + found[1] + "."
	case cost > dearestImport:
		return fmt.Sprintf("Its cost %d is more than %d: verifying the password would take this server too long.", cost, dearestImport)
	}
	return ""
}
