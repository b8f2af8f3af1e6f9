// Trace ids on standard input, 32 hex digits a line; for each prints 1 or 0: what OpenTelemetry's
// TraceIDRatioBased of the ratio in the first argument decides.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

func main() {
	ratio, err := strconv.ParseFloat(os.Args[1], 64)
	if err != nil {
		panic(err)
	}
	sampler := sdk.TraceIDRatioBased(ratio)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		id, err := trace.TraceIDFromHex(in.Text())
		if err != nil {
			panic(err)
		}
		answer := sampler.ShouldSample(sdk.SamplingParameters{TraceID: id})
		if answer.Decision == sdk.RecordAndSample {
			fmt.Fprintln(out, 1)
		} else {
			fmt.Fprintln(out, 0)
		}
	}
}
