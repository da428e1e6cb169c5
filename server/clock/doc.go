// Package clock owns what happens when the wall clock is set: a step back is
// noticed and taken out of what is stored, before anything is believed or written
// again; a step forward does not make anything be swept that might still count.
// It leans on store, which asks it before each write, and on audit.
package clock
