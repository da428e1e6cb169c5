package cli_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/rogpeppe/go-internal/testscript"

	"lychgate/server"
	"lychgate/server/cli"
	"lychgate/server/servertest"
)

// TestMain makes this test binary also the program that the scripts run: as
// lychgate, and as the one that was built without the frontend.
func TestMain(m *testing.M) {
	run := func(built bool) func() {
		return func() {
			files := fstest.MapFS{
				"index.html": {Data: []byte("<!DOCTYPE html><title>home</title>")},
				"404.html":   {Data: []byte("<!DOCTYPE html><title>not found</title>")},
			}
			policy, err := server.AccessPolicy()
			if err != nil {
				panic(err)
			}
			for _, rule := range policy.Rules.All() { // each must have a page
				files[rule.Path[1:]+".html"] = &fstest.MapFile{}
			}
			site := cli.Site{Built: built, Files: files}
			os.Exit(cli.Run(os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr, site))
		}
	}
	programs := map[string]func(){"lychgate": run(true), "lychgate-unbuilt": run(false)}
	testscript.Main(tests{m, slices.Collect(maps.Keys(programs))}, programs)
}

// tests runs the tests. When they are watched for races, the programs that the
// scripts start are not: SQLite would take ten times as long in each of them,
// and the detector waits for a second when a program ends. What they run is
// watched in the tests of its own packages.
type tests struct {
	*testing.M
	programs []string
}

func (t tests) Run() int {
	if !servertest.Watched() {
		return t.M.Run()
	}
	dir, err := os.MkdirTemp("", "lychgate-programs")
	if err == nil {
		defer os.RemoveAll(dir)
		err = t.buildUnwatched(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return t.M.Run()
}

// buildUnwatched builds the programs without the race detector, where PATH
// finds them first.
func (t tests) buildUnwatched(dir string) error {
	built := filepath.Join(dir, "built")
	build := exec.Command("go", "test", "-c", "-trimpath", "-o", built, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the programs of the scripts: %w\n%s", err, output)
	}
	for _, name := range t.programs {
		if err := os.Link(built, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return os.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
}

// TestScripts runs what a person could type. Besides testscript's commands
// there are:
//
//	exits STATUS PROGRAM [ARGUMENT...] [< FILE]  run, and want this exit status
//	start PROGRAM [ARGUMENT...]                  run until it says that it is ready; sets $URL and $PORT
//	end SIGNAL                                   send it a signal, and want it to end with status 0
//	kill                                         kill it, so that it can write nothing back
//	query DATABASE STATEMENTS                    run SQL as another program; prints the first column
//	older DATABASE SCHEMA                        make a database of an older version
//	await STATUS METHOD PATH                     ask again until the status is this one
//	ask STATUS METHOD PATH [FILE]                send a request as a browser that keeps cookies; prints the body
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Values[session{}] = newSession()
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "start": start, "end": end, "kill": kill, "ask": ask, "await": await, "query": query, "older": older,
		},
		Condition: func(name string) (bool, error) {
			return name == "root" && os.Getuid() == 0, nil
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// A password that comes over a pipe may be cut off by an error; nothing is
// done then.
func TestPasswordThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	var stdout, stderr strings.Builder
	status := cli.Run([]string{"user", "create", "--email", "ada@example.com", "--bcrypt-cost", "10", "--data-dir", dir},
		func(string) string { return "" }, io.MultiReader(strings.NewReader("correct horse"), iotest.ErrReader(errors.New("the pipe broke"))), &stdout, &stderr, cli.Site{})
	if status != 1 || stdout.String() != "" || stderr.String() != "lychgate: read the password from standard input: the pipe broke\n" {
		t.Errorf("status %d, stdout %q, stderr %q", status, stdout.String(), stderr.String())
	}
}

// A panic is no success: it must end the process the way Go ends it.
func TestPanicsAreNotSwallowed(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("the panic was swallowed")
		}
	}()
	cli.Run([]string{"version"}, os.Getenv, strings.NewReader(""), panicking{}, io.Discard, cli.Site{})
}

type panicking struct{}

func (panicking) Write([]byte) (int, error) { panic("out of order") }
