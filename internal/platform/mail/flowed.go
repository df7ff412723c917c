package mail

import "strings"

// unflow joins the soft line breaks of format=flowed text (RFC 3676, section 4): a line that ends in a blank goes on
// in the next line of the same quote depth. The signature separator "-- " is never joined.
func unflow(text string, delSp bool) string {
	var out strings.Builder
	out.Grow(len(text))
	open, openDepth := false, 0
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		depth := 0
		for depth < len(line) && line[depth] == '>' {
			depth++
		}
		content := strings.TrimPrefix(line[depth:], " ") // stuffed blank, section 4.4
		signature := content == "-- "
		if open && (depth != openDepth || signature) {
			out.WriteByte('\n')
			open = false
		}
		if !open && depth > 0 {
			out.WriteString(line[:depth])
			if content != "" {
				out.WriteByte(' ')
			}
		}
		soft := strings.HasSuffix(content, " ") && !signature
		if soft && delSp {
			content = content[:len(content)-1]
		}
		out.WriteString(content)
		if open, openDepth = soft, depth; !soft {
			out.WriteByte('\n')
		}
	}
	return out.String()
}
