// Package limit limits attempts: failed sign-ins per address, per account and
// per pair of the two, and registrations per address. It counts in memory, in
// token buckets, and builds only on problem.
package limit
