package doctor

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
)

// colours of the statuses on a terminal (ECMA-48).
var colours = map[Status]string{OK: "\x1b[32m", Warning: "\x1b[33m", Failed: "\x1b[31m"}

const plain = "\x1b[0m"

// Write writes the report as a table for people, with colours if wanted.
func (r Report) Write(w io.Writer, colour bool) error {
	var b strings.Builder
	width := 0
	for _, f := range r.Checks {
		width = max(width, len([]rune(f.Title)))
	}
	for _, f := range r.Checks {
		fmt.Fprintf(&b, "%s  %-*s  %s  (%s)\n", painted(f.Status, colour), width, f.Title, f.Found, f.Duration.Round(time.Millisecond))
		if f.Advice != "" {
			margin := strings.Repeat(" ", 9+width+2)
			fmt.Fprintf(&b, "%s→ %s\n", margin, wrapped(f.Advice, margin+"  "))
		}
	}
	fmt.Fprintf(&b, "\n%s\n", r.verdict())
	_, err := io.WriteString(w, b.String())
	return err
}

// measure is how many characters of advice are put on a line.
const measure = 90

// wrapped breaks a text into lines, all but the first behind a margin.
func wrapped(text, margin string) string {
	var b strings.Builder
	length := 0
	for _, word := range strings.Fields(text) {
		n := len([]rune(word))
		switch {
		case length > 0 && length+1+n > measure:
			b.WriteString("\n" + margin)
			length = 0
		case length > 0:
			b.WriteByte(' ')
			length++
		}
		b.WriteString(word)
		length += n
	}
	return b.String()
}

func painted(s Status, colour bool) string {
	text := fmt.Sprintf("%-7s", s)
	if colour {
		return colours[s] + text + plain
	}
	return text
}

func (r Report) verdict() string {
	count := map[Status]int{}
	for _, f := range r.Checks {
		count[f.Status]++
	}
	if r.Status == OK {
		return fmt.Sprintf("Everything is well: %d checks.", len(r.Checks))
	}
	return fmt.Sprintf("%d failed, %d to look at, %d well.", count[Failed], count[Warning], count[OK])
}

// oneLine puts a text of several lines on one, without what could steer a terminal.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.Join(strings.Fields(s), " "))
}

// bytes writes a size as people do.
func bytes(n int64) string {
	const unit = 1024
	size, prefixes := float64(n), []string{"B", "kB", "MB", "GB", "TB"}
	for size >= unit && len(prefixes) > 1 {
		size, prefixes = size/unit, prefixes[1:]
	}
	if prefixes[0] == "B" || size >= 100 {
		return fmt.Sprintf("%.0f %s", size, prefixes[0])
	}
	return fmt.Sprintf("%.1f %s", size, prefixes[0])
}

// age writes a span of time as people do.
func age(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}
