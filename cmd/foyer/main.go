// Command foyer is a customer support desk in one binary. "foyer serve" runs it; "foyer --help" lists the rest.
package main

import (
	"os"

	"github.com/foyerdesk/foyer/internal/app"
)

// version is set by the build.
var version = "dev"

func main() {
	app.Version = version
	os.Exit(app.Main(os.Args[1:]))
}
