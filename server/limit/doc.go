// Package limit owns how often somebody may try: failed sign-ins per address, per
// account and per pair of the two, and registrations per address. It counts in
// memory, in token buckets, and leans on problem alone.
package limit
