// The story of README.md, told by one logger of Go: go run . zap
package main

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"github.com/rs/zerolog"
	"github.com/sirupsen/logrus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/stdout/stdoutlog"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	otellog "go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
)

const (
	traceID = "0af7651916cd43dd8448eb211c80319c"
	spanID  = "b7ad6b7169203331"
)

var declined = errors.New("card declined")

func runZap() {
	config := zap.NewProductionConfig()
	config.OutputPaths = []string{"stdout"}
	config.Level = zap.NewAtomicLevelAt(zap.DebugLevel)
	config.DisableStacktrace = true
	log := zap.Must(config.Build()).Named("shop").With(
		zap.String("trace_id", traceID), zap.String("span_id", spanID))
	log.Info("order placed", zap.String("user", "Jürgen ☃"), zap.Int("items", 3), zap.Float64("total", 12.5),
		zap.Dict("address", zap.String("city", "Köln")))
	log.Warn("stock low", zap.Int("left", 1))
	log.Error("payment failed", zap.Error(declined))
	log.Debug("cache miss", zap.Bool("warm", false))
}

func runZerolog() {
	log := zerolog.New(os.Stdout).With().Timestamp().Caller().
		Str("trace_id", traceID).Str("span_id", spanID).Logger()
	log.Info().Str("user", "Jürgen ☃").Int("items", 3).Float64("total", 12.5).
		Dict("address", zerolog.Dict().Str("city", "Köln")).Msg("order placed")
	log.Warn().Int("left", 1).Msg("stock low")
	log.Error().Err(declined).Msg("payment failed")
	log.Debug().Bool("warm", false).Msg("cache miss")
}

func runSlog() {
	handler := slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{AddSource: true, Level: slog.LevelDebug})
	log := slog.New(handler).With("trace_id", traceID, "span_id", spanID)
	log.Info("order placed", "user", "Jürgen ☃", "items", 3, "total", 12.5, slog.Group("address", "city", "Köln"))
	log.Warn("stock low", "left", 1)
	log.Error("payment failed", "err", declined)
	log.Debug("cache miss", "warm", false)
	log.Log(context.Background(), slog.LevelError+4, "shutting down")
}

func runLogrus() {
	log := logrus.New()
	log.SetOutput(os.Stdout)
	log.SetLevel(logrus.DebugLevel)
	log.SetFormatter(&logrus.JSONFormatter{})
	entry := log.WithFields(logrus.Fields{"trace_id": traceID, "span_id": spanID})
	entry.WithFields(logrus.Fields{"user": "Jürgen ☃", "items": 3, "total": 12.5,
		"address": map[string]string{"city": "Köln"}}).Info("order placed")
	entry.WithField("left", 1).Warn("stock low")
	entry.WithError(declined).Error("payment failed")
	entry.WithField("warm", false).Debug("cache miss")
}

type fixedIDs struct{}

func (fixedIDs) NewIDs(context.Context) (trace.TraceID, trace.SpanID) {
	t, _ := trace.TraceIDFromHex(traceID)
	s, _ := trace.SpanIDFromHex(spanID)
	return t, s
}

func (fixedIDs) NewSpanID(context.Context, trace.TraceID) trace.SpanID {
	s, _ := trace.SpanIDFromHex("00f067aa0ba902b7")
	return s
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func runOtel() {
	ctx := context.Background()
	about := resource.NewSchemaless(attribute.String("service.name", "shop"))
	logs := sdklog.NewLoggerProvider(sdklog.WithResource(about),
		sdklog.WithProcessor(sdklog.NewSimpleProcessor(must(stdoutlog.New()))))
	traces := sdktrace.NewTracerProvider(sdktrace.WithResource(about), sdktrace.WithIDGenerator(fixedIDs{}),
		sdktrace.WithSyncer(must(stdouttrace.New())))
	log, tracer := logs.Logger("shop"), traces.Tracer("shop")
	ctx, root := tracer.Start(ctx, "checkout", trace.WithSpanKind(trace.SpanKindServer))
	say := func(severity otellog.Severity, text, message string, attributes ...attribute.KeyValue) {
		var record otellog.Record
		record.SetSeverity(severity)
		record.SetSeverityText(text)
		record.SetBody(attribute.StringValue(message))
		record.AddAttributes(attributes...)
		log.Emit(ctx, record)
	}
	say(otellog.SeverityInfo, "INFO", "order placed", attribute.String("user", "Jürgen ☃"), attribute.Int("items", 3),
		attribute.Float64("total", 12.5), attribute.Map("address", attribute.String("city", "Köln")))
	say(otellog.SeverityWarn, "WARN", "stock low", attribute.Int("left", 1))
	say(otellog.SeverityError, "ERROR", "payment failed", attribute.String("exception.message", declined.Error()))
	say(otellog.SeverityDebug, "DEBUG", "cache miss", attribute.Bool("warm", false))
	_, child := tracer.Start(ctx, "pay", trace.WithSpanKind(trace.SpanKindClient))
	child.SetAttributes(attribute.Int("attempt", 2))
	child.RecordError(declined)
	child.SetStatus(codes.Error, declined.Error())
	child.End()
	root.End()
}

func main() {
	stories := map[string]func(){"zap": runZap, "zerolog": runZerolog, "slog": runSlog, "logrus": runLogrus,
		"otel-go": runOtel}
	stories[os.Args[1]]()
}
