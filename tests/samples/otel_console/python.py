"""What OpenTelemetry's Python SDK prints: python3 - < python.py > python.jsonl

Needs opentelemetry-sdk (made with 1.45.2).
"""
import logging

from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import ConsoleLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
from opentelemetry.trace import Link, SpanKind, Status, StatusCode

resource = Resource({"service.name": "orders", "host.name": "web-1"})
tracers = TracerProvider(resource=resource)
tracers.add_span_processor(SimpleSpanProcessor(
    ConsoleSpanExporter(formatter=lambda span: span.to_json(indent=None) + "\n")))
loggers = LoggerProvider(resource=resource)
loggers.add_log_record_processor(SimpleLogRecordProcessor(
    ConsoleLogRecordExporter(formatter=lambda record: record.to_json(indent=None) + "\n")))
log = logging.getLogger("db")
log.addHandler(LoggingHandler(logger_provider=loggers))
tracer = tracers.get_tracer("lib")

with tracer.start_as_current_span("GET /", kind=SpanKind.SERVER, attributes={
        "http.response.status_code": 500, "tags": ["a", "b"]}) as outer:
    with tracer.start_as_current_span("query", kind=SpanKind.CLIENT,
                                      links=[Link(outer.get_span_context())]) as inner:
        inner.add_event("retry", {"n": 1})
        inner.set_status(Status(StatusCode.ERROR, "timeout"))
        log.warning("cache miss", extra={"key": "user:7"})
