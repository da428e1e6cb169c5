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

// A plain server is what a guide would have built, with one way or another to
// hash passwords: the storm is let loose on it too, so that the way that was
// chosen can be held against the others.

// waysToHash are the ways to hash passwords that were compared.
var waysToHash = map[string]func() compare{
	"no limit":                    func() compare { return bcrypt.CompareHashAndPassword },
	"a gate of all cores":         func() compare { return gate(runtime.NumCPU()) },
	"a gate of all cores but one": func() compare { return gate(max(1, runtime.NumCPU()-1)) },
	"own threads, nice 0":         func() compare { return ownThreads(0) },
	"own threads, nice 10":        func() compare { return ownThreads(10) },
	"own threads, nice 19":        func() compare { return ownThreads(19) },
	"own processes, nice 19":      func() compare { return ownProcesses(19) },
}

// compare is what bcrypt.CompareHashAndPassword does.
type compare = func(hash, password []byte) error

// gate lets so many hash at once.
func gate(workers int) compare {
	free := make(chan struct{}, workers)
	return func(hash, password []byte) error {
		free <- struct{}{}
		defer func() { <-free }()
		return bcrypt.CompareHashAndPassword(hash, password)
	}
}

// pool hands work to one of the workers that start makes, as many as there are
// cores.
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

// ownThreads hashes on threads of the operating system that do nothing else,
// beside as many others as Go would use.
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

// ownProcesses hashes in processes of their own, which are asked over pipes.
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

// hash is such a process. It makes itself nice by starting itself again, for
// its threads do not follow each other.
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

// plain serves what the storm asks for.
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
