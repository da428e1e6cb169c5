// Lychgate carries a Next.js site, signs people in, and lets nobody see a
// protected page who may not.
package main

import (
	"os"

	"lychgate/server/cli"
)

func main() {
	os.Exit(cli.Run(os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr, site()))
}
