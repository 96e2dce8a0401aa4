// Reads values by their paths and puts them into a formula, as KEDA's metrics-api scaler and its scaling modifiers do. What has no number is
// nil, as under `fallback.behavior: scalingModifiers`.
package main

import (
	"encoding/json"
	"os"

	"github.com/expr-lang/expr"
	"github.com/tidwall/gjson"
)

type question struct {
	Body    string             `json:"body"`
	Paths   map[string]string  `json:"paths"`
	Numbers map[string]float64 `json:"numbers"`
	Formula string             `json:"formula"`
}

type answer struct {
	Values map[string]any `json:"values"`
	Result any            `json:"result"`
	Error  string         `json:"error,omitempty"`
}

func evaluate(asked question) (found answer) {
	dummies := map[string]float64{}
	found.Values = map[string]any{}
	for name, number := range asked.Numbers {
		dummies[name], found.Values[name] = -1, number
	}
	for name, path := range asked.Paths {
		dummies[name], found.Values[name] = -1, nil
		if result := gjson.Get(asked.Body, path); result.Type == gjson.Number {
			found.Values[name] = result.Num
		}
	}
	program, err := expr.Compile("float("+asked.Formula+")", expr.Env(dummies))
	if err == nil {
		_, err = expr.Run(program, dummies)
	}
	if err == nil {
		found.Result, err = expr.Run(program, found.Values)
	}
	if err != nil {
		found.Error = err.Error()
	}
	return found
}

func main() {
	var asked []question
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		panic(err)
	}
	answers := make([]answer, len(asked))
	for i, one := range asked {
		answers[i] = evaluate(one)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		panic(err)
	}
}
