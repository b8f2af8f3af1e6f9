"""The story of README.md, told by one logger of Python: python main.py structlog"""
import logging
import sys

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
SPAN_ID = "b7ad6b7169203331"
PLACED = {"user": "Jürgen ☃", "items": 3, "total": 12.5, "address": {"city": "Köln"}}


def fail():
    raise ValueError("card declined")


def run_python_json_logger():
    """With the fields of OpenTelemetry's logging instrumentation."""
    from opentelemetry import context, trace
    from opentelemetry.instrumentation.logging import LoggingInstrumentor
    from pythonjsonlogger.json import JsonFormatter
    LoggingInstrumentor().instrument(inject_trace_context=True)
    within = trace.SpanContext(int(TRACE_ID, 16), int(SPAN_ID, 16), False, trace.TraceFlags(1))
    context.attach(trace.set_span_in_context(trace.NonRecordingSpan(within)))
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s %(otelTraceID)s %(otelSpanID)s "
                                       "%(otelTraceSampled)s %(otelServiceName)s", json_ensure_ascii=False))
    log = logging.getLogger("shop")
    log.handlers, log.propagate = [handler], False
    log.setLevel(logging.DEBUG)
    tell_logging(log)


def tell_logging(log):
    log.info("order placed", extra=PLACED)
    log.warning("stock low", extra={"left": 1})
    try:
        fail()
    except ValueError:
        log.exception("payment failed")
    log.debug("cache miss", extra={"warm": False})


def run_structlog():
    import structlog
    structlog.configure(processors=[
        structlog.contextvars.merge_contextvars, structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"), structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(ensure_ascii=False)])
    structlog.contextvars.bind_contextvars(trace_id=TRACE_ID, span_id=SPAN_ID)
    log = structlog.get_logger()
    log.info("order placed", **PLACED)
    log.warning("stock low", left=1)
    try:
        fail()
    except ValueError:
        log.exception("payment failed")
    log.debug("cache miss", warm=False)


def run_loguru():
    from loguru import logger
    logger.remove()
    logger.add(sys.stdout, serialize=True, level="DEBUG")
    log = logger.bind(otelTraceID=TRACE_ID, otelSpanID=SPAN_ID, otelTraceSampled=True, otelServiceName="shop")
    log.bind(**PLACED).info("order placed")
    log.warning("stock low")
    try:
        fail()
    except ValueError:
        log.exception("payment failed")
    log.debug("cache miss")
    log.success("order shipped")


def run_otel():
    """Console exporters print JSON over many lines; their formatters make one line of each record."""
    from opentelemetry import trace
    from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
    from opentelemetry.sdk._logs import export as logs
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider, id_generator
    from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

    class Ids(id_generator.IdGenerator):
        spans = [SPAN_ID, "00f067aa0ba902b7"]

        def generate_trace_id(self):
            return int(TRACE_ID, 16)

        def generate_span_id(self):
            return int(self.spans.pop(0), 16)

    resource = Resource({"service.name": "shop"})
    spans = TracerProvider(resource=resource, id_generator=Ids())
    spans.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(formatter=lambda s: s.to_json(indent=None) + "\n")))
    records = LoggerProvider(resource=resource)
    console = getattr(logs, "ConsoleLogRecordExporter", None) or logs.ConsoleLogExporter
    records.add_log_record_processor(logs.SimpleLogRecordProcessor(
        console(formatter=lambda r: r.to_json(indent=None) + "\n")))
    log = logging.getLogger("shop")
    log.setLevel(logging.DEBUG)
    log.propagate = False
    log.addHandler(LoggingHandler(logger_provider=records))
    tracer = spans.get_tracer("shop")
    with tracer.start_as_current_span("checkout", kind=trace.SpanKind.SERVER):
        tell_logging(log)
        with tracer.start_as_current_span("pay", kind=trace.SpanKind.CLIENT, attributes={"attempt": 2}) as span:
            span.add_event("retry", {"attempt": 2})
            span.set_status(trace.StatusCode.ERROR, "card declined")


STORIES = {"python-json-logger": run_python_json_logger, "structlog": run_structlog, "loguru": run_loguru,
           "otel-python": run_otel}

if __name__ == "__main__":
    STORIES[sys.argv[1]]()
