// The story of README.md, told by one logger of Node.js: node main.js pino
'use strict';
const trace_id = '0af7651916cd43dd8448eb211c80319c';
const span_id = 'b7ad6b7169203331';
const ids = {trace_id, span_id, trace_flags: '01'}; // the names of OpenTelemetry's instrumentations
const placed = {user: 'Jürgen ☃', items: 3, total: 12.5, address: {city: 'Köln'}};
const declined = () => new Error('card declined');

function runPino() {
  const log = require('pino')({level: 'debug', name: 'shop', mixin: () => ({...ids})});
  log.info(placed, 'order placed');
  log.warn({left: 1}, 'stock low');
  log.error(declined(), 'payment failed');
  log.debug({warm: false}, 'cache miss');
}

function runBunyan() {
  const bunyan = require('bunyan');
  const log = bunyan.createLogger({name: 'shop', level: 'debug', serializers: bunyan.stdSerializers}).child(ids);
  log.info(placed, 'order placed');
  log.warn({left: 1}, 'stock low');
  log.error({err: declined()}, 'payment failed');
  log.debug({warm: false}, 'cache miss');
}

function runWinston() {
  const {createLogger, format, transports} = require('winston');
  const log = createLogger({
    level: 'debug',
    format: format.combine(format.timestamp(), format.errors({stack: true}), format.json()),
    defaultMeta: ids,
    transports: [new transports.Stream({stream: process.stdout})],
  });
  log.info('order placed', placed);
  log.warn('stock low', {left: 1});
  log.error('payment failed', {error: declined().message});
  log.debug('cache miss', {warm: false});
  log.http('GET /orders', {code: 200});
}

// The console exporters print JavaScript over many lines; here each record is one line of JSON.
function runOtel() {
  const api = require('@opentelemetry/api');
  const {BasicTracerProvider, ConsoleSpanExporter, SimpleSpanProcessor} = require('@opentelemetry/sdk-trace-base');
  const {LoggerProvider, ConsoleLogRecordExporter, SimpleLogRecordProcessor} = require('@opentelemetry/sdk-logs');
  const {resourceFromAttributes} = require('@opentelemetry/resources');
  const {AsyncLocalStorageContextManager} = require('@opentelemetry/context-async-hooks');
  const print = (exporter, items, done) => {
    for (const item of items) console.log(JSON.stringify(exporter._exportInfo(item)));
    done({code: 0});
  };
  const spans = new ConsoleSpanExporter(), records = new ConsoleLogRecordExporter();
  spans.export = (items, done) => print(spans, items, done);
  records.export = (items, done) => print(records, items, done);
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const resource = resourceFromAttributes({'service.name': 'shop'});
  const next = [span_id, '00f067aa0ba902b7'];
  const tracer = new BasicTracerProvider({
    resource,
    idGenerator: {generateTraceId: () => trace_id, generateSpanId: () => next.shift()},
    spanProcessors: [new SimpleSpanProcessor(spans)],
  }).getTracer('shop');
  const log = new LoggerProvider({resource, processors: [new SimpleLogRecordProcessor({exporter: records})]}).getLogger('shop');
  const root = tracer.startSpan('checkout', {kind: api.SpanKind.SERVER});
  const context = api.trace.setSpan(api.context.active(), root);
  const say = (severityNumber, severityText, body, attributes) =>
    log.emit({severityNumber, severityText, body, attributes, context});
  say(9, 'INFO', 'order placed', placed);
  say(13, 'WARN', 'stock low', {left: 1});
  say(17, 'ERROR', 'payment failed', {'exception.message': declined().message});
  say(5, 'DEBUG', 'cache miss', {warm: false});
  const child = tracer.startSpan('pay', {kind: api.SpanKind.CLIENT, attributes: {attempt: 2}}, context);
  child.addEvent('retry', {attempt: 2});
  child.setStatus({code: api.SpanStatusCode.ERROR, message: 'card declined'});
  child.end();
  root.end();
}

({pino: runPino, bunyan: runBunyan, winston: runWinston, 'otel-node': runOtel})[process.argv[2]]();
