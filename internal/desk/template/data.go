package template

import (
	"html"
	"regexp"
	"strings"
)

// Person is somebody whom a template can name.
type Person struct{ FirstName, LastName, Email string }

func (p Person) values() map[string]any {
	return map[string]any{"FirstName": p.FirstName, "LastName": p.LastName, "FullName": strings.TrimSpace(p.FirstName + " " + p.LastName), "Email": p.Email}
}

// Conversation is what a template knows of a conversation.
type Conversation struct{ ReferenceNumber, Subject, Priority, UUID string }

func (c Conversation) values() map[string]any {
	return map[string]any{"ReferenceNumber": c.ReferenceNumber, "Subject": c.Subject, "Priority": c.Priority, "UUID": c.UUID}
}

// Data are the values of the variables of a template.
type Data struct {
	Conversation Conversation
	Contact      Person
	Recipient    Person // whom the mail is for
	Author       Person // nobody when the desk itself writes
	IsAIComposed bool
	// IsContinuityEmail says that the mail tells of what was not seen of a chat.
	IsContinuityEmail bool
	// More are the variables that only some mails have, such as MentionedBy.
	More map[string]any
}

func (d Data) values() map[string]any {
	out := map[string]any{"Conversation": d.Conversation.values(), "Contact": d.Contact.values(), "Recipient": d.Recipient.values(), "Author": d.Author.values(),
		"IsAIComposed": d.IsAIComposed, "IsContinuityEmail": d.IsContinuityEmail}
	for name, value := range d.More {
		if p, ok := value.(Person); ok {
			value = p.values()
		}
		out[name] = value
	}
	return out
}

// token matches {{ .Contact.FirstName }} as it is typed or pasted, and as an editor escapes the spaces, and the edges of
// what is quoted.
var token = regexp.MustCompile(`(?i)<(/?)blockquote\b[^>]*>|\{\{(?:\s|&nbsp;)*\.([A-Za-z]+)\.([A-Za-z]+)(?:\s|&nbsp;)*\}\}`)

// HasVariables reports whether there may be variables in a text that [Fill] would replace.
func HasVariables(text string) bool { return strings.Contains(text, "{{") }

// Fill puts the values of variables into what an agent wrote, escaped. It is no template: there is nothing else than
// variables, and what is no known variable, or stands in a quote, is somebody's text and stays as it is.
func Fill(text string, d Data) string {
	if !HasVariables(text) {
		return text
	}
	values := d.values()
	quotes := 0
	return token.ReplaceAllStringFunc(text, func(found string) string {
		if found[0] == '<' {
			if found[1] == '/' {
				quotes = max(0, quotes-1)
			} else {
				quotes++
			}
			return found
		}
		m := token.FindStringSubmatch(found)
		object, _ := values[m[2]].(map[string]any)
		if v, ok := object[m[3]].(string); ok && quotes == 0 {
			return html.EscapeString(v)
		}
		return found
	})
}
