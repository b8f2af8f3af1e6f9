// What OpenTelemetry's Go SDK prints: go run . > go.jsonl
//
// Needs stdouttrace, stdoutlog and the SDKs beside them.
package main

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/stdout/stdoutlog"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"time"
)

func main() {
	ctx := context.Background()
	shop := resource.NewSchemaless(attribute.String("service.name", "shop"),
		attribute.String("host.name", "web-1"))
	spans, _ := stdouttrace.New()
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans), sdktrace.WithResource(shop))
	records, _ := stdoutlog.New()
	loggers := sdklog.NewLoggerProvider(
		sdklog.WithProcessor(sdklog.NewSimpleProcessor(records)), sdklog.WithResource(shop))

	tracer := tracers.Tracer("lib")
	ctx, outer := tracer.Start(ctx, "GET /", trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(attribute.Int("http.response.status_code", 404),
			attribute.StringSlice("tags", []string{"a", "b"})))
	_, inner := tracer.Start(ctx, "query", trace.WithSpanKind(trace.SpanKindClient),
		trace.WithLinks(trace.Link{SpanContext: outer.SpanContext()}))
	inner.AddEvent("retry", trace.WithAttributes(attribute.Int("n", 1)))
	inner.SetStatus(codes.Error, "timeout")
	inner.End()

	var record log.Record
	record.SetTimestamp(time.Now())
	record.SetSeverity(log.SeverityWarn)
	record.SetBody(attribute.StringValue("cache miss"))
	record.AddAttributes(attribute.String("key", "user:7"))
	loggers.Logger("db").Emit(ctx, record)
	outer.End()
}
