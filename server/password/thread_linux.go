package password

import "syscall"

// niceness is the nice value of hashing threads: high enough that nobody
// notices them, but not so high that they starve, because the garbage collector
// stops all threads together. At 19, the maximum, beside a process that keeps
// all cores busy, it waited 200 ms for them (docs/reliability.md).
const niceness = 10

// yieldToOthers lowers the priority of the current thread; on Linux priorities
// are per thread. It cannot fail: anybody may lower a priority.
func yieldToOthers() {
	syscall.Setpriority(syscall.PRIO_PROCESS, 0, niceness) //nolint:errcheck // see above; without it a hash is right all the same
}
