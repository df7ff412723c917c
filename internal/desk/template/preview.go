package template

import (
	"context"
	"maps"
	"slices"
	"strings"
	"text/template/parse"

	"github.com/foyerdesk/foyer/internal/platform/htmlx"
)

// Draft is a template that need not be stored, to be looked at.
type Draft struct {
	Type, Name, Subject, Body string
	Data                      *Data // sample values when nil
	Lang                      string
}

// Preview is what a template looks like.
type Preview struct {
	Subject string `json:"subject"`
	HTML    string `json:"html"`
	Text    string `json:"text" doc:"What mail programs show that show no HTML"`
	// Unknown are variables of the template that no mail of its kind has.
	Unknown []Unknown `json:"unknown"`
	// MissingContent is whether a layout does not say where the text of the mail goes: it cannot be used then.
	MissingContent bool `json:"missing_content"`
}

// Unknown is a variable that is not there.
type Unknown struct {
	Line int    `json:"line"`
	Name string `json:"name"`
}

// Preview shows what a template looks like: a layout around a text, what the desk writes inside the desk's layout. An
// Invalid error names the field and the line that is wrong.
func (s *Service) Preview(ctx context.Context, in Draft) (p Preview, err error) {
	if err := checkType(in.Type); err != nil {
		return p, err
	}
	r := s.Renderer(ctx, in.Lang)
	d := Sample(r.Lang)
	if in.Data != nil {
		more := d.More
		d = *in.Data
		d.More = more
	}
	// A variable that the mail does not have is as empty here as it will be there.
	maps.DeleteFunc(d.More, func(top string, _ any) bool { return !slices.Contains(only[in.Name], top) })
	if p.Subject, err = r.Subject(in.Subject, d); err != nil {
		return p, Fault("subject", err)
	}
	if in.Type == Outgoing {
		e := &engine{site: r.Site, lang: r.Lang, content: SampleContent(r.Lang)}
		p.HTML, err = e.run(in.Body, d.values())
		p.MissingContent = err == nil && !e.shown && strings.TrimSpace(in.Body) != ""
		if p.Subject == "" {
			p.Subject = d.Conversation.Subject
		}
	} else if p.HTML, err = r.Body(in.Body, d); err == nil {
		if p.HTML, err = s.inLayout(ctx, r, p.HTML, d); err != nil {
			return p, err
		}
	}
	if err != nil {
		return p, Fault("body", err)
	}
	p.Text = htmlx.TextWithLinks(p.HTML)
	p.Unknown = append(unknown(in.Subject, d), unknown(in.Body, d)...)
	return p, nil
}

// only are the variables that the mails of some templates have besides those of all.
var only = map[string][]string{Assigned: {"AssignedBy"}, Mentioned: {"MentionedBy", "Message"}, SLAWarning: {"SLA"}, SLABreached: {"SLA"}, CSATRequest: {"CSATLink", "CSATUUID"}}

// unknown lists the variables of a template that are not there, as far as that can be told without running it.
func unknown(source string, d Data) []Unknown {
	out := []Unknown{}
	t, err := (&engine{}).compile(source)
	if err != nil || t.Tree == nil {
		return out
	}
	f := finder{tree: t.Tree, values: d.values(), out: out}
	f.list(t.Root, true)
	return f.out
}

type finder struct {
	tree   *parse.Tree
	values map[string]any
	out    []Unknown
}

// list looks through nodes; whole is whether the dot is the whole of the data there.
func (f *finder) list(l *parse.ListNode, whole bool) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		switch n := n.(type) {
		case *parse.ActionNode:
			f.pipe(n.Pipe, whole)
		case *parse.TemplateNode:
			f.pipe(n.Pipe, whole)
		case *parse.IfNode:
			f.branch(&n.BranchNode, whole, whole)
		case *parse.RangeNode:
			f.branch(&n.BranchNode, whole, false)
		case *parse.WithNode:
			f.branch(&n.BranchNode, whole, false)
		}
	}
}

func (f *finder) branch(n *parse.BranchNode, whole, inside bool) {
	f.pipe(n.Pipe, whole)
	f.list(n.List, inside)
	f.list(n.ElseList, whole)
}

func (f *finder) pipe(p *parse.PipeNode, whole bool) {
	if p == nil {
		return
	}
	for _, c := range p.Cmds {
		for _, arg := range c.Args {
			switch arg := arg.(type) {
			case *parse.PipeNode:
				f.pipe(arg, whole)
			case *parse.FieldNode:
				if whole {
					f.look(arg, arg.Ident)
				}
			case *parse.VariableNode:
				if arg.Ident[0] == "$" {
					f.look(arg, arg.Ident[1:])
				}
			}
		}
	}
}

func (f *finder) look(n parse.Node, path []string) {
	var at any = f.values
	for _, name := range path {
		fields, ok := at.(map[string]any)
		if !ok {
			return // running it says what is wrong
		}
		if at, ok = fields[name]; !ok {
			g := guard{tree: f.tree}
			f.out = append(f.out, Unknown{Line: g.line(n), Name: "." + strings.Join(path, ".")})
			return
		}
	}
}
