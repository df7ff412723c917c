package template

import (
	"errors"
	"fmt"
	"html"
	"regexp"
	"strconv"
	"strings"
	"text/template"
	"text/template/parse"
	"time"
)

// The limits of what a template may cost. A step is an action, a turn of a loop or a call of a template.
const (
	MaxBody    = 512 << 10 // bytes of source
	maxActions = 5000      // in the source
	maxNodes   = 400       // in one action
	maxDepth   = 100       // of blocks in one another
	maxSteps   = 200_000
	maxTime    = 2 * time.Second
	maxOutput  = 8 << 20 // bytes
	maxValue   = 1 << 20 // bytes of a text that a function makes
)

// Error is what is wrong with a template. The reason is for people who write templates, in English.
type Error struct {
	Line   int // from 1; 0 if it is not known
	Reason string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Reason
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Reason)
}

// HTML is a value that goes into a mail as it is; whoever makes one has made it safe. All other values are escaped.
type HTML string

// engine runs one template once.
type engine struct {
	site    Site
	lang    string
	plain   bool // the result is no HTML: nothing is escaped
	content HTML
	shown   bool // the content was put somewhere
	steps   int
	until   time.Time
}

// The names of the functions that are put into a template besides its own.
const (
	stepFunc    = "foyerStep"
	escapeFunc  = "foyerEscape"
	contentFunc = "foyerContent"
)

var (
	errTooLong = errors.New("the template takes too many steps; is there a loop that does not end?")
	errTooBig  = errors.New("the template makes too much text")
)

// step counts what the template does, and ends it when that is too much.
func (e *engine) step() (string, error) {
	if e.steps++; e.steps > maxSteps || time.Now().After(e.until) {
		return "", errTooLong
	}
	return "", nil
}

func (e *engine) escape(value any) string {
	switch v := value.(type) {
	case nil:
		return "" // a variable that there is not
	case HTML:
		return string(v)
	case string:
		if e.plain {
			return v
		}
		return html.EscapeString(v)
	}
	if e.plain {
		return fmt.Sprint(value)
	}
	return html.EscapeString(fmt.Sprint(value))
}

// run runs a template. The errors are of type *[Error].
func (e *engine) run(source string, values map[string]any) (string, error) {
	t, err := e.compile(source)
	if err != nil {
		return "", err
	}
	e.until = time.Now().Add(maxTime)
	var out limited
	if err := t.Execute(&out, values); err != nil {
		return "", explain(err)
	}
	return out.String(), nil
}

// compile reads a template and makes it safe to run: every action counts as a step, and what an action prints is
// escaped. Templates that call themselves are refused.
func (e *engine) compile(source string) (*template.Template, error) {
	switch {
	case len(source) > MaxBody:
		return nil, &Error{Reason: fmt.Sprintf("the template is longer than %d kB", MaxBody>>10)}
	case strings.Count(source, "{{") > maxActions:
		return nil, &Error{Reason: fmt.Sprintf("the template has more than %d actions", maxActions)}
	}
	t, err := template.New("body").Funcs(e.funcs()).Parse(source)
	if err != nil {
		return nil, explain(err)
	}
	calls := map[string][]string{}
	for _, one := range t.Templates() {
		if one.Tree == nil || one.Root == nil {
			continue
		}
		g := guard{tree: one.Tree}
		if err := g.list(one.Root, 0); err != nil {
			return nil, err
		}
		calls[one.Name()] = g.calls
	}
	if name := circle(calls); name != "" {
		return nil, &Error{Reason: fmt.Sprintf("template %q calls itself", name)}
	}
	// The text of the mail is a value, not a template: whatever stands in it is not run.
	if _, err := t.New("content").Parse("{{ " + contentFunc + " }}"); err != nil {
		return nil, explain(err)
	}
	return t, nil
}

// guard makes the tree of a template safe to run.
type guard struct {
	tree  *parse.Tree
	calls []string
}

func (g *guard) fault(n parse.Node, reason string) error {
	return &Error{Line: g.line(n), Reason: reason}
}

// line is where a node stands; 0 if that is not known.
func (g *guard) line(n parse.Node) int {
	location, _ := g.tree.ErrorContext(n)
	parts := strings.Split(location, ":")
	if len(parts) < 2 {
		return 0
	}
	line, _ := strconv.Atoi(parts[1])
	return line
}

func (g *guard) list(l *parse.ListNode, depth int) error {
	if l == nil {
		return nil
	}
	if depth > maxDepth {
		return g.fault(l, fmt.Sprintf("more than %d blocks in one another", maxDepth))
	}
	nodes := make([]parse.Node, 0, 2*len(l.Nodes)+1)
	nodes = append(nodes, stepAction(l.Position()))
	for _, n := range l.Nodes {
		if err := g.node(n, depth); err != nil {
			return err
		}
		if n.Type() != parse.NodeText {
			nodes = append(nodes, stepAction(n.Position()))
		}
		nodes = append(nodes, n)
	}
	l.Nodes = nodes
	return nil
}

func (g *guard) node(n parse.Node, depth int) error {
	switch n := n.(type) {
	case *parse.ActionNode:
		if len(n.Pipe.Decl) == 0 {
			n.Pipe.Cmds = append(n.Pipe.Cmds, command(escapeFunc, n.Position()))
		}
		return g.pipe(n.Pipe)
	case *parse.TemplateNode:
		g.calls = append(g.calls, n.Name)
		return g.pipe(n.Pipe)
	case *parse.IfNode:
		return g.branch(&n.BranchNode, depth)
	case *parse.RangeNode:
		return g.branch(&n.BranchNode, depth)
	case *parse.WithNode:
		return g.branch(&n.BranchNode, depth)
	}
	return nil
}

func (g *guard) branch(n *parse.BranchNode, depth int) error {
	return errors.Join(g.pipe(n.Pipe), g.list(n.List, depth+1), g.list(n.ElseList, depth+1))
}

// pipe looks that an action is of a reasonable size.
func (g *guard) pipe(p *parse.PipeNode) error {
	if p != nil && pipeNodes(p) > maxNodes {
		return g.fault(p, "the action is too long")
	}
	return nil
}

func pipeNodes(p *parse.PipeNode) (n int) {
	for _, c := range p.Cmds {
		for _, arg := range c.Args {
			switch arg := arg.(type) {
			case *parse.PipeNode:
				n += pipeNodes(arg)
			case *parse.ChainNode:
				if inner, ok := arg.Node.(*parse.PipeNode); ok {
					n += pipeNodes(inner)
				}
			}
			n++
		}
	}
	return n
}

func command(name string, at parse.Pos) *parse.CommandNode {
	return &parse.CommandNode{NodeType: parse.NodeCommand, Pos: at, Args: []parse.Node{parse.NewIdentifier(name).SetPos(at)}}
}

func stepAction(at parse.Pos) *parse.ActionNode {
	return &parse.ActionNode{NodeType: parse.NodeAction, Pos: at, Pipe: &parse.PipeNode{NodeType: parse.NodePipe, Pos: at, Cmds: []*parse.CommandNode{command(stepFunc, at)}}}
}

// circle returns a template that calls itself, by others or not; "" if there is none.
func circle(calls map[string][]string) string {
	state := map[string]int{} // 1: being looked at, 2: fine
	var visit func(name string) string
	visit = func(name string) string {
		switch state[name] {
		case 1:
			return name
		case 2:
			return ""
		}
		state[name] = 1
		for _, next := range calls[name] {
			if found := visit(next); found != "" {
				return found
			}
		}
		state[name] = 2
		return ""
	}
	for name := range calls {
		if found := visit(name); found != "" {
			return found
		}
	}
	return ""
}

// limited is a buffer that refuses more than [maxOutput].
type limited struct{ strings.Builder }

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > maxOutput {
		return 0, errTooBig
	}
	return l.Builder.Write(p)
}

var located = regexp.MustCompile(`(?s)^template: [^:]*:(\d+)(?::\d+)?: (.*)$`)

var internals = strings.NewReplacer(" | "+escapeFunc, "", `executing "body" at `, "at ", "function "+strconv.Quote(stepFunc), "the template")

// explain turns an error of the template package into one that names the line.
func explain(err error) error {
	for _, ours := range []error{errTooLong, errTooBig} {
		if errors.Is(err, ours) {
			out := &Error{Reason: ours.Error()}
			if m := located.FindStringSubmatch(err.Error()); m != nil {
				out.Line, _ = strconv.Atoi(m[1])
			}
			return out
		}
	}
	m := located.FindStringSubmatch(err.Error())
	if m == nil {
		return &Error{Reason: shorten(strings.TrimPrefix(err.Error(), "template: "))}
	}
	line, _ := strconv.Atoi(m[1])
	return &Error{Line: line, Reason: shorten(internals.Replace(m[2]))}
}

func shorten(reason string) string {
	if r := []rune(reason); len(r) > 300 {
		return string(r[:299]) + "…"
	}
	return reason
}
