// What KEDA v2.21.0 reads answers and formulas with.
module gridgate.dev/test/keda

go 1.26

require (
	github.com/expr-lang/expr v1.17.8
	github.com/tidwall/gjson v1.19.0
)

require (
	github.com/tidwall/match v1.1.1 // indirect
	github.com/tidwall/pretty v1.2.0 // indirect
)
