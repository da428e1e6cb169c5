package password

import "syscall"

// niceness is how far a thread that hashes stands back: as far as it takes for
// nobody to notice it. It must not starve, for the garbage collector stops all
// threads together: at 19, the most there is, beside a process that keeps all
// cores busy, it was waited for 200 ms (docs/reliability.md).
const niceness = 10

// yieldToOthers lowers the priority of the current thread, on Linux of it
// alone. It never fails: anybody may stand back.
func yieldToOthers() {
	syscall.Setpriority(syscall.PRIO_PROCESS, 0, niceness) //nolint:errcheck // see above; without it a hash is right all the same
}
