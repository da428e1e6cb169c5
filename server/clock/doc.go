// Package clock handles changes of the wall clock. A step back is detected and
// stored times are corrected before anything is trusted or written again. A
// step forward does not cause anything still valid to be swept. It builds on
// store, which consults it before each write, and on audit.
package clock
