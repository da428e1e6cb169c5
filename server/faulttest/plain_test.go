//go:build linux

package faulttest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/crypto/bcrypt"

	"lychgate/server/servertest"
)

// A plain server is what a tutorial would build, with different ways to hash
// passwords. It goes through the same storm, to compare these ways.

// waysToHash are the compared ways to hash passwords.
var waysToHash = map[string]func() compare{
	"no limit":                    func() compare { return bcrypt.CompareHashAndPassword },
	"a gate of all cores":         func() compare { return gate(runtime.NumCPU()) },
	"a gate of all cores but one": func() compare { return gate(max(1, runtime.NumCPU()-1)) },
	"own threads, nice 0":         func() compare { return ownThreads(0) },
	"own threads, nice 10":        func() compare { return ownThreads(10) },
	"own threads, nice 19":        func() compare { return ownThreads(19) },
	"own processes, nice 19":      func() compare { return ownProcesses(19) },
}

// compare has the signature of bcrypt.CompareHashAndPassword.
type compare = func(hash, password []byte) error

// gate allows a number of hashes at once.
func gate(workers int) compare {
	free := make(chan struct{}, workers)
	return func(hash, password []byte) error {
		free <- struct{}{}
		defer func() { <-free }()
		return bcrypt.CompareHashAndPassword(hash, password)
	}
}

// pool passes work to one worker per core, each made by start.
func pool(start func() compare) compare {
	workers := make(chan compare, runtime.NumCPU())
	for range runtime.NumCPU() {
		workers <- start()
	}
	return func(hash, password []byte) error {
		worker := <-workers
		defer func() { workers <- worker }()
		return worker(hash, password)
	}
}

// ownThreads hashes on dedicated operating-system threads, besides those that
// Go would use.
func ownThreads(nice int) compare {
	runtime.GOMAXPROCS(2 * runtime.NumCPU())
	return pool(func() compare {
		work, done := make(chan func() error), make(chan error)
		go func() {
			runtime.LockOSThread()
			if err := syscall.Setpriority(syscall.PRIO_PROCESS, syscall.Gettid(), nice); err != nil {
				panic(err)
			}
			for do := range work {
				done <- do()
			}
		}()
		return func(hash, password []byte) error {
			work <- func() error { return bcrypt.CompareHashAndPassword(hash, password) }
			return <-done
		}
	})
}

// ownProcesses hashes in separate processes, over pipes.
func ownProcesses(nice int) compare {
	return pool(func() compare {
		cmd := as("hash", strconv.Itoa(nice))
		cmd.Env = append(cmd.Env, "GOMAXPROCS=1")
		in, err := cmd.StdinPipe()
		if err != nil {
			panic(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			panic(err)
		}
		if err := cmd.Start(); err != nil {
			panic(err)
		}
		ask, answers := json.NewEncoder(in), bufio.NewScanner(out)
		return func(hash, password []byte) error {
			if err := ask.Encode([][]byte{hash, password}); err != nil {
				return err
			}
			if !answers.Scan() || answers.Text() != "right" {
				return errors.New("wrong")
			}
			return nil
		}
	})
}

// hash is such a process. It becomes nice by re-executing itself, because the
// nice value applies per thread.
func hash() error {
	if nice := os.Args[1]; nice != "" {
		if err := syscall.Setpriority(syscall.PRIO_PROCESS, 0, must(strconv.Atoi(nice))); err != nil {
			return err
		}
		return syscall.Exec(must(os.Executable()), []string{os.Args[0], ""}, os.Environ())
	}
	questions := json.NewDecoder(os.Stdin)
	var question [][]byte
	for questions.Decode(&question) == nil { // until the server goes
		verdict := "right"
		if bcrypt.CompareHashAndPassword(question[0], question[1]) != nil {
			verdict = "wrong"
		}
		if _, err := fmt.Println(verdict); err != nil {
			return err
		}
	}
	return nil
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// plain serves what the storm requests.
func plain() error {
	way, found := waysToHash[os.Args[1]]
	if !found {
		return fmt.Errorf("there is no way %q", os.Args[1])
	}
	matches := way()
	stored := must(bcrypt.GenerateFromPassword([]byte(password), stormCost))
	page := strings.Repeat("x", 30<<10)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/auth/register", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) })
	mux.HandleFunc("POST /api/auth/login", func(w http.ResponseWriter, r *http.Request) {
		var input struct{ Password string }
		if json.NewDecoder(r.Body).Decode(&input) != nil || matches(stored, []byte(input.Password)) != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprintln(w, servertest.Object("accessToken", "x"))
	})
	mux.HandleFunc("GET /api/user/profile", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, servertest.Object("name", "Ada")) })
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, page) })
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return err
	}
	fmt.Printf("lychgate is ready at http://%s\n", listener.Addr())
	return http.Serve(listener, mux)
}
