// What OpenTelemetry's SDK for Node would print if it printed JSON: node node.js > node.jsonl
// Needs @opentelemetry/sdk-trace-node (made with 2.12.0).
const {NodeTracerProvider, SimpleSpanProcessor, ConsoleSpanExporter} =
    require('@opentelemetry/sdk-trace-node');
const {SpanKind, SpanStatusCode, context, trace} = require('@opentelemetry/api');

class JsonExporter extends ConsoleSpanExporter {
  export(spans, done) {
    for (const span of spans) console.log(JSON.stringify(this._exportInfo(span)));
    done({code: 0});
  }
}

const provider =
    new NodeTracerProvider({spanProcessors: [new SimpleSpanProcessor(new JsonExporter())]});
const tracer = provider.getTracer('lib');
const outer = tracer.startSpan(
    'GET /', {kind: SpanKind.SERVER, attributes: {'http.response.status_code': 404, tags: ['a', 'b']}});
const inner = tracer.startSpan(
    'query', {kind: SpanKind.CLIENT, links: [{context: outer.spanContext()}]},
    trace.setSpan(context.active(), outer));
inner.addEvent('retry', {n: 1});
inner.setStatus({code: SpanStatusCode.ERROR, message: 'timeout'});
inner.end();
outer.end();
