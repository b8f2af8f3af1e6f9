// tests/interop/operations/alloy_go: what a configuration of Grafana Alloy says, as Alloy's own parser and evaluator
// read it: JSON of its components. Of these, and of their settings, only those that are known here may occur; they are
// named after Alloy's documentation.
//
//	alloy_go < config.alloy
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/grafana/alloy/syntax/ast"
	"github.com/grafana/alloy/syntax/parser"
	"github.com/grafana/alloy/syntax/vm"
)

type fileMatch struct {
	PathTargets []map[string]string `alloy:"path_targets,attr"`
}

type sourceFile struct {
	Targets   string   `alloy:"targets,attr"`
	ForwardTo []string `alloy:"forward_to,attr"`
}

type values struct {
	Values map[string]string `alloy:"values,attr"`
}

type stage struct {
	JSON *struct {
		Expressions map[string]string `alloy:"expressions,attr"`
	} `alloy:"json,block,optional" json:"json,omitempty"`
	Timestamp *struct {
		Source string `alloy:"source,attr"`
		Format string `alloy:"format,attr"`
	} `alloy:"timestamp,block,optional" json:"timestamp,omitempty"`
	Labels             *values `alloy:"labels,block,optional" json:"labels,omitempty"`
	StructuredMetadata *values `alloy:"structured_metadata,block,optional" json:"structured_metadata,omitempty"`
	LabelDrop          *struct {
		Values []string `alloy:"values,attr"`
	} `alloy:"label_drop,block,optional" json:"label_drop,omitempty"`
}

type process struct {
	ForwardTo []string `alloy:"forward_to,attr"`
	Stages    []stage  `alloy:"stage,enum,optional"`
}

type write struct {
	Endpoints []struct {
		URL string `alloy:"url,attr"`
	} `alloy:"endpoint,block"`
}

// Of each component: its settings, and the name of what others may refer to.
var components = map[string]struct {
	make    func() any
	exports string
}{
	"local.file_match": {func() any { return &fileMatch{} }, "targets"},
	"loki.source.file": {func() any { return &sourceFile{} }, ""},
	"loki.process":     {func() any { return &process{} }, "receiver"},
	"loki.write":       {func() any { return &write{} }, "receiver"},
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// Puts value at a path of names: a.b.c.
func put(variables map[string]any, path []string, value string) {
	for _, name := range path[:len(path)-1] {
		if variables[name] == nil {
			variables[name] = map[string]any{}
		}
		variables = variables[name].(map[string]any)
	}
	variables[path[len(path)-1]] = value
}

func main() {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		fail(err)
	}
	file, err := parser.ParseFile("config.alloy", text)
	if err != nil {
		fail(err)
	}
	scope := &vm.Scope{Variables: map[string]any{}}
	blocks := map[string]*ast.BlockStmt{}
	for _, statement := range file.Body {
		block, ok := statement.(*ast.BlockStmt)
		if !ok {
			fail(fmt.Errorf("there is something that is no block"))
		}
		kind := strings.Join(block.Name, ".")
		id := kind + "." + block.Label
		component, known := components[kind]
		if !known || blocks[id] != nil {
			fail(fmt.Errorf("%s: unknown, or there twice", id))
		}
		blocks[id] = block
		if component.exports != "" { // a reference stands for its own name
			put(scope.Variables, strings.Split(id+"."+component.exports, "."), id+"."+component.exports)
		}
	}
	found := map[string]any{}
	for id, block := range blocks {
		settings := components[strings.Join(block.Name, ".")].make()
		if err := vm.New(block.Body).Evaluate(scope, settings); err != nil {
			fail(err)
		}
		found[id] = settings
	}
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		fail(err)
	}
}
