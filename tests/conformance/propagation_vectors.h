/* tests/conformance/propagation_vectors.h: FORMATS.md, "Propagation", rule by rule: what comes in,
 * and what is understood of it. Headers: "name: value" parted by line breaks. */
#ifndef SPANLOG_TESTS_PROPAGATION_VECTORS_H
#define SPANLOG_TESTS_PROPAGATION_VECTORS_H

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"
#define PARENT "00-" TRACE "-" SPAN "-01"
#define OTHER "80f198ee56343ba864fe8b2a57d3eff7"
#define OTHER_SPAN "e457b5a2e4d86bd1"
#define NO_TRACE "00000000000000000000000000000000"
#define NO_SPAN "0000000000000000"
#define UUID "550e8400-e29b-41d4-a716-446655440000"
#define UUID_HEX "550e8400e29b41d4a716446655440000"
#define SPAN_UUID "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
#define TEN "0123456789"
#define FIFTY TEN TEN TEN TEN TEN
#define HUNDRED FIFTY FIFTY

/* "" is nothing at all; "!n" in front counts what was refused. */
static const struct {
    const char *rule;
    const char *headers;
    const char *expected;
} vectors[] = {
    /* traceparent */
    {"traceparent: well formed", "traceparent: " PARENT, TRACE " " SPAN " 01"},
    {"traceparent: optional white space is trimmed", "traceparent:  \t" PARENT "\t ",
     TRACE " " SPAN " 01"},
    {"traceparent: two headers restart the trace", "traceparent: " PARENT ", " PARENT, "!1"},
    {"traceparent: two headers joined without a space", "traceparent: " PARENT "," PARENT, "!1"},
    {"traceparent: lower case only, trace id",
     "traceparent: 00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN "-01", "!1"},
    {"traceparent: lower case only, span id", "traceparent: 00-" TRACE "-00F067AA0BA902B7-01",
     "!1"},
    {"traceparent: lower case only, flags", "traceparent: 00-" TRACE "-" SPAN "-0A", "!1"},
    {"traceparent: version ff is invalid", "traceparent: ff-" TRACE "-" SPAN "-01", "!1"},
    {"traceparent: version ff is invalid, longer", "traceparent: ff-" TRACE "-" SPAN "-01-00",
     "!1"},
    {"traceparent: an all-zero trace id is invalid", "traceparent: 00-" NO_TRACE "-" SPAN "-01",
     "!1"},
    {"traceparent: an all-zero span id is invalid", "traceparent: 00-" TRACE "-" NO_SPAN "-01",
     "!1"},
    {"traceparent: version 00 is exactly 55 characters", "traceparent: " PARENT "-00", "!1"},
    {"traceparent: version 00 is not shorter", "traceparent: 00-" TRACE "-" SPAN "-0", "!1"},
    {"traceparent: a higher version of 55 characters", "traceparent: cc-" TRACE "-" SPAN "-01",
     TRACE " " SPAN " 01"},
    {"traceparent: a higher version goes on with a dash",
     "traceparent: cc-" TRACE "-" SPAN "-01-what-the-future-holds", TRACE " " SPAN " 01"},
    {"traceparent: a higher version goes on with nothing else",
     "traceparent: cc-" TRACE "-" SPAN "-01.x", "!1"},
    {"traceparent: a higher version is not shorter", "traceparent: cc-" TRACE "-" SPAN "-0", "!1"},
    {"traceparent: bits are tested, not equality", "traceparent: 00-" TRACE "-" SPAN "-09",
     TRACE " " SPAN " 01"},
    {"traceparent: bit 0x02 is kept, the others are cleared",
     "traceparent: 00-" TRACE "-" SPAN "-fe", TRACE " " SPAN " 02"},
    {"traceparent: a bad one means ignore tracestate", "traceparent: 00-x\ntracestate: a=1", "!1"},
    {"traceparent: none means ignore tracestate", "tracestate: a=1", ""},
    {"traceparent: non-ASCII", "traceparent: \xc3\xa4" PARENT, "!1"},
    {"traceparent: empty", "traceparent: ", "!1"},

    /* tracestate */
    {"tracestate: passed on", "traceparent: " PARENT "\ntracestate: congo=t61,rojo=00f0",
     TRACE " " SPAN " 01 state=congo=t61,rojo=00f0"},
    {"tracestate: a bad one leaves traceparent", "traceparent: " PARENT "\ntracestate: a b",
     "!1 " TRACE " " SPAN " 01"},
    {"tracestate: empty members are legal", "traceparent: " PARENT "\ntracestate: ,a=1, ,,b=2 ,",
     TRACE " " SPAN " 01 state=a=1,b=2"},
    {"tracestate: an empty header is legal",
     "traceparent: " PARENT "\ntracestate: ", TRACE " " SPAN " 01"},
    {"tracestate: white space around members", "traceparent: " PARENT "\ntracestate: \ta=1 \t, b=2",
     TRACE " " SPAN " 01 state=a=1,b=2"},
    {"tracestate: keys may begin with a digit", "traceparent: " PARENT "\ntracestate: 0a=1",
     TRACE " " SPAN " 01 state=0a=1"},
    {"tracestate: keys of all characters", "traceparent: " PARENT "\ntracestate: a0_-*/@z=1,t@v=2",
     TRACE " " SPAN " 01 state=a0_-*/@z=1,t@v=2"},
    {"tracestate: no upper case in keys", "traceparent: " PARENT "\ntracestate: Foo=1",
     "!1 " TRACE " " SPAN " 01"},
    {"tracestate: keys begin with a letter or digit", "traceparent: " PARENT "\ntracestate: _a=1",
     "!1 " TRACE " " SPAN " 01"},
    {"tracestate: no space before the equals sign", "traceparent: " PARENT "\ntracestate: a =1",
     "!1 " TRACE " " SPAN " 01"},
    {"tracestate: a key of 257 characters is too long",
     "traceparent: " PARENT "\ntracestate: a" HUNDRED HUNDRED FIFTY "123456=1",
     "!1 " TRACE " " SPAN " 01"},
    {"tracestate: a key of 256 characters is not",
     "traceparent: " PARENT "\ntracestate: a" HUNDRED HUNDRED FIFTY "12345=1",
     TRACE " " SPAN " 01 state=a" HUNDRED HUNDRED FIFTY "12345=1"},
    {"tracestate: a value of 257 characters is too long",
     "traceparent: " PARENT "\ntracestate: a=" HUNDRED HUNDRED FIFTY "1234567",
     "!1 " TRACE " " SPAN " 01"},
    {"tracestate: a value of 256 characters is not",
     "traceparent: " PARENT "\ntracestate: a=" HUNDRED HUNDRED FIFTY "123456",
     TRACE " " SPAN " 01 state=a=" HUNDRED HUNDRED FIFTY "123456"},
    {"tracestate: no equals sign in a value", "traceparent: " PARENT "\ntracestate: a=b=c",
     "!1 " TRACE " " SPAN " 01"},
    {"tracestate: a value is not empty",
     "traceparent: " PARENT "\ntracestate: a=", "!1 " TRACE " " SPAN " 01"},
    {"tracestate: values are printable", "traceparent: " PARENT "\ntracestate: a=\x01",
     "!1 " TRACE " " SPAN " 01"},
    {"tracestate: of a key twice the first counts",
     "traceparent: " PARENT "\ntracestate: a=1,b=2,a=3", TRACE " " SPAN " 01 state=a=1,b=2"},

    /* baggage */
    {"baggage: passed on without ids", "baggage: user=7,tenant=a%20b",
     " baggage=user=7,tenant=a%20b"},
    {"baggage: white space and properties", "baggage: a = 1 ; p ; q = 2 , b=2",
     " baggage=a=1;p;q=2,b=2"},
    {"baggage: the equals sign is legal in values", "baggage: a=b=c==", " baggage=a=b=c=="},
    {"baggage: a value may be empty", "baggage: a=,b=1", " baggage=a=,b=1"},
    {"baggage: a bad member is left out, the others are not",
     "baggage: a=1,no equals,b=\"x\",c d=1,\xc3\xa4=1,e=2", "!4  baggage=a=1,e=2"},
    {"baggage: of a key twice the last counts", "baggage: a=1,b=2,a=3", " baggage=b=2,a=3"},
    {"baggage: empty members", "baggage: ,, a=1,,", " baggage=a=1"},

    /* B3 */
    {"b3: single", "b3: " OTHER "-" OTHER_SPAN "-1-05e3ac9a4f6e3b90", OTHER " " OTHER_SPAN " 01"},
    {"b3: not sampled", "b3: " OTHER "-" OTHER_SPAN "-0", OTHER " " OTHER_SPAN " 00"},
    {"b3: no decision is ours to make", "b3: " OTHER "-" OTHER_SPAN, OTHER " " OTHER_SPAN " 01"},
    {"b3: d is debug and implies sampled", "b3: " OTHER "-" OTHER_SPAN "-d",
     OTHER " " OTHER_SPAN " 05"},
    {"b3: 64-bit trace ids are padded", "b3: 64fe8b2a57d3eff7-" OTHER_SPAN "-1",
     "000000000000000064fe8b2a57d3eff7 " OTHER_SPAN " 01"},
    {"b3: 0 alone is legal", "b3: 0", "denied"},
    {"b3: 1 alone leaves the ids to us", "b3: 1", ""},
    {"b3: d alone is kept for the new trace", "b3: d", NO_TRACE " " NO_SPAN " 05"},
    {"b3: single beats multi",
     "b3: " OTHER "-" OTHER_SPAN "-0\nx-b3-traceid: " TRACE "\nx-b3-spanid: " SPAN
     "\nx-b3-sampled: 1",
     OTHER " " OTHER_SPAN " 00"},
    {"b3: a bad single is not mended by multi",
     "b3: x\nx-b3-traceid: " TRACE "\nx-b3-spanid: " SPAN "\nx-b3-sampled: 1", "!1"},
    {"b3 multi: all headers",
     "x-b3-traceid: " OTHER "\nx-b3-spanid: " OTHER_SPAN
     "\nx-b3-sampled: 1\nx-b3-parentspanid: " SPAN,
     OTHER " " OTHER_SPAN " 01"},
    {"b3 multi: not sampled",
     "x-b3-traceid: " OTHER "\nx-b3-spanid: " OTHER_SPAN "\nx-b3-sampled: 0",
     OTHER " " OTHER_SPAN " 00"},
    {"b3 multi: true, as old tracers say",
     "x-b3-traceid: " OTHER "\nx-b3-spanid: " OTHER_SPAN "\nx-b3-sampled: true",
     OTHER " " OTHER_SPAN " 01"},
    {"b3 multi: flags 1 is debug",
     "x-b3-traceid: " OTHER "\nx-b3-spanid: " OTHER_SPAN "\nx-b3-flags: 1",
     OTHER " " OTHER_SPAN " 05"},
    {"b3 multi: sampled 0 alone is legal", "x-b3-sampled: 0", "denied"},
    {"b3 multi: a span id is needed", "x-b3-traceid: " OTHER, "!1"},
    {"b3: zero ids are invalid", "b3: " NO_TRACE "-" OTHER_SPAN "-1", "!1"},
    {"b3: zero span ids are invalid", "b3: " OTHER "-" NO_SPAN "-1", "!1"},
    {"b3: trace ids have 16 or 32 digits", "b3: 1234-" OTHER_SPAN "-1", "!1"},
    {"b3: five fields are too many", "b3: " OTHER "-" OTHER_SPAN "-1-05e3ac9a4f6e3b90-1", "!1"},
    {"b3: an unknown decision", "b3: " OTHER "-" OTHER_SPAN "-2", "!1"},

    /* uber-trace-id */
    {"uber-trace-id: well formed", "uber-trace-id: " TRACE ":" SPAN ":0:1", TRACE " " SPAN " 01"},
    {"uber-trace-id: ids are padded on the left", "uber-trace-id: abc:f067aa0ba902b7:0:1",
     "00000000000000000000000000000abc " SPAN " 01"},
    {"uber-trace-id: not sampled", "uber-trace-id: " TRACE ":" SPAN ":0:0", TRACE " " SPAN " 00"},
    {"uber-trace-id: debug", "uber-trace-id: " TRACE ":" SPAN ":0:3", TRACE " " SPAN " 05"},
    {"uber-trace-id: colons may be encoded", "uber-trace-id: " TRACE "%3A" SPAN "%3a0%3A1",
     TRACE " " SPAN " 01"},
    {"uber-trace-id: zero ids are invalid", "uber-trace-id: 0:" SPAN ":0:1", "!1"},
    {"uber-trace-id: four fields", "uber-trace-id: " TRACE ":" SPAN ":1", "!1"},
    {"uber-trace-id: no more than four", "uber-trace-id: " TRACE ":" SPAN ":0:1:1", "!1"},

    /* X-Trace-ID, X-Span-ID */
    {"x-trace-id: UUIDs; the parent is kept as text", "x-trace-id: " UUID "\nx-span-id: " SPAN_UUID,
     UUID_HEX " 80b400c04fd430c8 01 parent=" SPAN_UUID},
    {"x-trace-id: hex", "x-trace-id: " TRACE "\nx-span-id: " SPAN, TRACE " " SPAN " 01"},
    {"x-trace-id: upper case", "x-trace-id: 550E8400-E29B-41D4-A716-446655440000",
     UUID_HEX " " NO_SPAN " 01"},
    {"x-trace-id: a padded 64-bit parent is that parent",
     "x-trace-id: " UUID "\nx-span-id: 00000000-0000-0000-00f0-67aa0ba902b7",
     UUID_HEX " " SPAN " 01"},
    {"x-trace-id: without a span the trace has no parent yet", "x-trace-id: " UUID,
     UUID_HEX " " NO_SPAN " 01"},
    {"x-trace-id: a bad span does not spoil the trace", "x-trace-id: " UUID "\nx-span-id: 17",
     "!1 " UUID_HEX " " NO_SPAN " 01"},
    {"x-trace-id: zeros are invalid", "x-trace-id: 00000000-0000-0000-0000-000000000000", "!1"},
    {"x-trace-id: neither UUID nor hex", "x-trace-id: order-7", "!1"},
    {"x-trace-id: dashes at the wrong place", "x-trace-id: 550e840-0e29b-41d4-a716-446655440000",
     "!1"},

    /* X-Correlation-ID, X-Request-ID */
    {"x-correlation-id: a UUID becomes the trace id and is kept", "x-correlation-id: " UUID,
     UUID_HEX " " NO_SPAN " 01 correlation=" UUID},
    {"x-correlation-id: any text is kept", "x-correlation-id: req-42/a@b",
     NO_TRACE " " NO_SPAN " 00 correlation=req-42/a@b"},
    {"x-correlation-id: the original text is kept",
     "x-correlation-id: 550E8400-E29B-41D4-A716-446655440000",
     UUID_HEX " " NO_SPAN " 01 correlation=550E8400-E29B-41D4-A716-446655440000"},
    {"x-correlation-id: the trace id as hex says nothing more",
     "traceparent: " PARENT "\nx-correlation-id: " TRACE, TRACE " " SPAN " 01"},
    {"x-correlation-id: kept beside a traceparent",
     "traceparent: " PARENT "\nx-correlation-id: " UUID, TRACE " " SPAN " 01 correlation=" UUID},
    {"x-correlation-id: of bounded length", "x-correlation-id: " HUNDRED TEN TEN "12345678",
     NO_TRACE " " NO_SPAN " 00 correlation=" HUNDRED TEN TEN "12345678"},
    {"x-correlation-id: too long", "x-correlation-id: " HUNDRED TEN TEN "123456789", "!1"},
    {"x-correlation-id: of bounded characters", "x-correlation-id: a\"b", "!1"},
    {"x-correlation-id: not two of them", "x-correlation-id: a, b", "!1"},
    {"x-correlation-id: no control characters", "x-correlation-id: a\x1b[2J", "!1"},
    {"x-request-id: a UUID becomes the trace id and is kept", "x-request-id: " UUID,
     UUID_HEX " " NO_SPAN " 01 correlation=" UUID},
    {"x-request-id: after x-correlation-id", "x-request-id: r1\nx-correlation-id: c1",
     NO_TRACE " " NO_SPAN " 00 correlation=c1"},

    /* The order when several are there. */
    {"order: traceparent before b3", "traceparent: " PARENT "\nb3: " OTHER "-" OTHER_SPAN "-1",
     TRACE " " SPAN " 01"},
    {"order: b3 before uber-trace-id",
     "uber-trace-id: " TRACE ":" SPAN ":0:1\nb3: " OTHER "-" OTHER_SPAN "-1",
     OTHER " " OTHER_SPAN " 01"},
    {"order: uber-trace-id before x-trace-id",
     "x-trace-id: " UUID "\nuber-trace-id: " TRACE ":" SPAN ":0:1", TRACE " " SPAN " 01"},
    {"order: x-trace-id before x-correlation-id", "x-correlation-id: " UUID "\nx-trace-id: " TRACE,
     TRACE " " NO_SPAN " 01 correlation=" UUID},
    {"order: x-correlation-id before x-request-id",
     "x-request-id: " UUID "\nx-correlation-id: " TRACE, TRACE " " NO_SPAN " 01 correlation=" UUID},
    {"order: what follows a bad one is looked at", "traceparent: x\nb3: " OTHER "-" OTHER_SPAN "-1",
     "!1 " OTHER " " OTHER_SPAN " 01"},
    {"order: none is a new trace", "x-amzn-trace-id: Root=1-5759e988-bd862e3fe1be46a994272793", ""},
};

#endif
