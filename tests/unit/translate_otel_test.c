/* tests/unit/translate_otel_test.c: OpenTelemetry's spans and log records, in all their spellings.
 */
#include "tests/unit/documents_test.h"

static void an_otlp_span_is_read_with_all_its_parts(void **state) {
    (void)state;
    translates_to(
        spanlog_translate_otlp,
        "{'resourceSpans':[{'resource':{'attributes':[{'key':'service.name',"
        "'value':{'stringValue':'orders'}},{'key':'host.name',"
        "'value':{'stringValue':'web-1'}},{'key':'service.version',"
        "'value':{'stringValue':'1.2'}},{'key':'deployment.environment.name',"
        "'value':{'stringValue':'prod'}}]},'scopeSpans':[{'scope':{'name':'lib',"
        "'version':'3'},'spans':[{'traceId':'" TEST_TRACE "','spanId':'" TEST_SPAN
        "','parentSpanId':'" TEST_PARENT
        "','flags':769,'traceState':'','name':'GET \\u002fcart','kind':2,"
        "'startTimeUnixNano':'1795257045123456789',"
        "'endTimeUnixNano':'1795257045168656789',"
        "'attributes':[{'key':'http.response.status_code','value':{'intValue':'503'}},"
        "{'key':'peer','value':{'stringValue':'a\\nb'}}],"
        "'events':[{'timeUnixNano':'1795257045124456789','name':'retry',"
        "'attributes':[{'key':'n','value':{'intValue':2}}]}],'links':[{'traceId':'" TEST_TRACE
        "','spanId':'" TEST_PARENT
        "','attributes':[]}],'droppedAttributesCount':3,'droppedEventsCount':1,"
        "'droppedLinksCount':2,'status':{'code':2,'message':'timeout'}}]}]}]}",
        "{'ts':'2026-11-21T10:30:45.168656789Z','level':'info','msg':'span completed',"
        "'service':'orders','trace_id':'" TEST_TRACE "','span_id':'" TEST_SPAN
        "','parent_id':'" TEST_PARENT
        "','trace_flags':'01','operation':'GET /cart','kind':'server',"
        "'start':'2026-11-21T10:30:45.123456789Z','duration_ms':45.2,'status':'error',"
        "'status_code':503,'error':'timeout','host.name':'web-1','service.version':'1.2',"
        "'deployment.environment.name':'prod','otel.scope.name':'lib','peer':'a\\u000ab',"
        "'events':[{'ts':'2026-11-21T10:30:45.124456789Z','name':'retry','n':2}],"
        "'links':[{'trace_id':'" TEST_TRACE "','span_id':'" TEST_PARENT
        "'}],'dropped_attributes':3,'dropped_events':1,'dropped_links':2}\n");
}

static void attributes_of_every_type_become_plain_json(void **state) {
    (void)state;
    translates_to(spanlog_translate_otlp,
                  "{'resourceSpans':[{'resource':{},'scopeSpans':[{'spans':[{'traceId':'" TEST_TRACE
                  "','spanId':'" TEST_SPAN "','name':'n','startTimeUnixNano':'1795257045123456789',"
                  "'endTimeUnixNano':'1795257045123456789','attributes':[{'key':'s',"
                  "'value':{'stringValue':'a'}},{'key':'i',"
                  "'value':{'intValue':'-9223372036854775808'}},{'key':'j','value':{'intValue':7}},"
                  "{'key':'d','value':{'doubleValue':1.5}},{'key':'nan',"
                  "'value':{'doubleValue':'NaN'}},{'key':'b','value':{'boolValue':false}},"
                  "{'key':'bytes','value':{'bytesValue':'AQID'}},{'key':'none','value':{}},"
                  "{'key':'list','value':{'arrayValue':{'values':[{'stringValue':'x'},"
                  "{'intValue':'1'},{},{'arrayValue':{}},{'kvlistValue':{'values':[{'key':'k',"
                  "'value':{'boolValue':true}}]}}]}}},{'key':'map',"
                  "'value':{'kvlistValue':{'values':[{'key':'a','value':{'intValue':'1'}},"
                  "{'key':'b'},{'value':{'intValue':'2'}}]}}}]}]}]}]}",
                  "{'ts':'2026-11-21T10:30:45.123456789Z','level':'info','msg':'span completed',"
                  "'service':'','trace_id':'" TEST_TRACE "','span_id':'" TEST_SPAN
                  "','trace_flags':'01','operation':'n','kind':'internal',"
                  "'start':'2026-11-21T10:30:45.123456789Z','duration_ms':0,'s':'a',"
                  "'i':-9223372036854775808,'j':7,'d':1.5,'nan':'NaN','b':false,'bytes':'AQID',"
                  "'none':null,'list':['x',1,null,[],{'k':true}],'map':{'a':1,'b':null}}\n");
}

static void snake_case_and_names_of_enums_are_read(void **state) {
    (void)state;
    translates_to(
        spanlog_translate_otlp,
        "{'resource_spans':[{'resource':{'attributes':[{'key':'service.name',"
        "'value':{'string_value':'orders'}}]},"
        "'instrumentation_library_spans':[{'instrumentation_library':{'name':'old'},"
        "'spans':[{'trace_id':'" TEST_TRACE "','span_id':'" TEST_SPAN
        "','parent_span_id':'','name':'q','kind':'SPAN_KIND_CLIENT',"
        "'start_time_unix_nano':1795257045123456789,"
        "'end_time_unix_nano':1795257045123456889,'status':{'code':'STATUS_CODE_ERROR'},"
        "'attributes':[{'key':'rpc.grpc.status_code','value':{'int_value':14}},"
        "{'key':'http.status_code','value':{'string_value':'none'}}]},{'trace_id':'" TEST_TRACE
        "','span_id':'" TEST_PARENT "','name':'r','kind':'SPAN_KIND_PRODUCER',"
        "'start_time_unix_nano':1795257045123456789,"
        "'end_time_unix_nano':1795257045123456888,'status':{'code':'STATUS_CODE_OK',"
        "'message':'ignored'}}]}]}]}",
        "{'ts':'2026-11-21T10:30:45.123456889Z','level':'info','msg':'span completed',"
        "'service':'orders','trace_id':'" TEST_TRACE "','span_id':'" TEST_SPAN
        "','trace_flags':'01','operation':'q','kind':'client',"
        "'start':'2026-11-21T10:30:45.123456789Z','duration_ms':0.0001,'status':'error',"
        "'status_code':14,'otel.scope.name':'old',"
        "'http.status_code':'none'}\n{'ts':'2026-11-21T10:30:45.123456888Z',"
        "'level':'info','msg':'span completed','service':'orders','trace_id':'" TEST_TRACE
        "','span_id':'" TEST_PARENT "','trace_flags':'01','operation':'r','kind':'producer',"
        "'start':'2026-11-21T10:30:45.123456789Z','duration_ms':0.000099,'status':'ok',"
        "'otel.scope.name':'old'}\n");
}

static void ids_of_protobufs_own_json_are_base64(void **state) {
    (void)state;
    translates_to(spanlog_translate_otlp,
                  "{'batches':[{'resource':{},"
                  "'instrumentationLibrarySpans':[{'spans':[{'traceId':'CvdlGRbNQ92ESOshHIAxnA==',"
                  "'spanId':'APBnqgupArc=','parentSpanId':'APBnqgupArg=','name':'b',"
                  "'startTimeUnixNano':'1795257045123456789',"
                  "'endTimeUnixNano':'1795257045123456789'}]}]}]}",
                  "{'ts':'2026-11-21T10:30:45.123456789Z','level':'info','msg':'span completed',"
                  "'service':'','trace_id':'" TEST_TRACE "','span_id':'" TEST_SPAN
                  "','parent_id':'" TEST_PARENT
                  "','trace_flags':'01','operation':'b','kind':'internal',"
                  "'start':'2026-11-21T10:30:45.123456789Z','duration_ms':0}\n");
}

static void one_resource_alone_is_a_document(void **state) {
    (void)state;
    translates_to(spanlog_translate_otlp,
                  "{'resource':{'attributes':[{'key':'service.name',"
                  "'value':{'stringValue':'solo'}}]},'scopeSpans':[{'scope':{},"
                  "'spans':[{'traceId':'0AF7651916CD43DD8448EB211C80319C',"
                  "'spanId':'00F067AA0BA902B7','name':'a',"
                  "'startTimeUnixNano':'1795257045123456789',"
                  "'endTimeUnixNano':'1795257045123456000'}]}],'schemaUrl':''}",
                  "{'ts':'2026-11-21T10:30:45.123456789Z','level':'info','msg':'span completed',"
                  "'service':'solo','trace_id':'" TEST_TRACE "','span_id':'" TEST_SPAN
                  "','trace_flags':'01','operation':'a','kind':'internal',"
                  "'start':'2026-11-21T10:30:45.123456789Z','duration_ms':0}\n");
}

/* With the attributes given, of a span without a status. */
static void span_with(const char *attributes, const char *expected) {
    char document[2048], line[2048];
    snprintf(document, sizeof document,
             "{'resourceSpans':[{'resource':{'attributes':[{'key':'service.name','value':"
             "{'stringValue':'s'}},{'key':'process.pid','value':{'intValue':'711'}}]},"
             "'scopeSpans':[{'spans':[{'traceId':'" TEST_TRACE "','spanId':'" TEST_SPAN
             "','name':'a','startTimeUnixNano':'1795257045123456789',"
             "'endTimeUnixNano':'1795257045123456000','attributes':[%s]}]}]}]}",
             attributes);
    snprintf(line, sizeof line, "%s\n", expected);
    translates_to(spanlog_translate_otlp, document, line);
}
#define SPAN_IDS                                                                                   \
    "'service':'s','trace_id':'" TEST_TRACE "','span_id':'" TEST_SPAN                              \
    "','trace_flags':'01','operation':'a','kind':'internal',"                                      \
    "'start':'2026-11-21T10:30:45.123456789Z',"

static void what_otlp_has_no_field_for_is_told_by_attributes(void **state) {
    (void)state;
    span_with(
        "{'key':'code.line.number','value':{'intValue':'42'}},"
        "{'key':'code.file.path','value':{'stringValue':'db.c'}},"
        "{'key':'thread.id','value':{'intValue':'713'}},"
        "{'key':'msg','value':{'stringValue':'span abandoned'}},"
        "{'key':'level','value':{'stringValue':'warn'}},"
        "{'key':'severityNumber','value':{'intValue':'14'}},"
        "{'key':'error','value':{'stringValue':'late'}},"
        "{'key':'sample_ratio','value':{'doubleValue':0.25}},"
        "{'key':'duration_ms','value':{'doubleValue':45.2}}",
        "{'ts':'2026-11-21T10:30:45.123456000Z','level':'warn','msg':'span abandoned'," SPAN_IDS
        "'duration_ms':45.2,'error':'late','src':'db.c:42','pid':711,'tid':713,"
        "'sample_ratio':0.25}");
}

static void a_value_that_does_not_fit_its_field_stays_an_attribute(void **state) {
    (void)state;
    span_with(
        "{'key':'code.line.number','value':{'intValue':'42'}},"
        "{'key':'thread.id','value':{'intValue':'-1'}},"
        "{'key':'msg','value':{'stringValue':'hello'}},"
        "{'key':'level','value':{'stringValue':'high'}},"
        "{'key':'severityNumber','value':{'intValue':'25'}},"
        "{'key':'error','value':{'stringValue':'false'}},"
        "{'key':'sample_ratio','value':{'doubleValue':2.5}},"
        "{'key':'duration_ms','value':{'stringValue':'long'}}",
        "{'ts':'2026-11-21T10:30:45.123456789Z','level':'info','msg':'span completed'," SPAN_IDS
        "'duration_ms':0,'pid':711,'thread.id':-1,'msg_':'hello','level_':'high',"
        "'severityNumber':25,'error_':'false','sample_ratio_':2.5,'duration_ms_':'long',"
        "'code.line.number':42}");
}

static void otlp_log_records_are_read(void **state) {
    (void)state;
    translates_to(
        spanlog_translate_otlp,
        "{'resourceLogs':[{'resource':{'attributes':[{'key':'service.name',"
        "'value':{'stringValue':'orders'}}]},'scopeLogs':[{'scope':{'name':'db'},"
        "'logRecords':[{'timeUnixNano':'1795257045123456789',"
        "'observedTimeUnixNano':'1795257046000000000','severityNumber':13,"
        "'severityText':'WARNING','body':{'stringValue':'cache miss'},"
        "'attributes':[{'key':'key','value':{'stringValue':'user:7'}}],'traceId':'" TEST_TRACE
        "','spanId':'" TEST_SPAN "','flags':1,'eventName':'cache.miss','droppedAttributesCount':2},"
        "{'observedTimeUnixNano':'1795257046000000000','severityText':'Error',"
        "'body':{'kvlistValue':{'values':[{'key':'a','value':{'intValue':'1'}}]}},"
        "'traceId':'" TEST_TRACE "'},{'timeUnixNano':'1795257045123456789',"
        "'severityNumber':'SEVERITY_NUMBER_DEBUG3','body':{'doubleValue':1.5},'traceId':"
        "'" TEST_TRACE "','spanId':'" TEST_SPAN
        "'},{'timeUnixNano':0,'traceId':'','spanId':''}]}]}]}",
        "{'ts':'2026-11-21T10:30:45.123456789Z','level':'warn','msg':'cache miss',"
        "'service':'orders','trace_id':'" TEST_TRACE "','span_id':'" TEST_SPAN
        "','trace_flags':'01','logger':'db','event.name':'cache.miss','key':'user:7',"
        "'dropped_attributes':2}\n{'ts':'2026-11-21T10:30:46.000000000Z','level':'error',"
        "'msg':'{\\'a\\':1}','service':'orders','trace_id':'" TEST_TRACE
        "','logger':'db'}\n{'ts':'2026-11-21T10:30:45.123456789Z','level':'debug',"
        "'msg':'1.5','service':'orders','trace_id':'" TEST_TRACE "','span_id':'" TEST_SPAN
        "','logger':'db'}\n{'ts':'1970-01-01T00:00:00.000000000Z','level':'info',"
        "'msg':'','service':'orders','logger':'db'}\n");
}

static void pythons_console_span_is_read(void **state) {
    (void)state;
    translates_to(
        spanlog_translate_otel_console,
        "{ 'name': 'db', 'context': { 'trace_id': '0x" TEST_TRACE "', 'span_id': '0x" TEST_SPAN
        "', 'trace_state': '[]' }, 'kind': 'SpanKind.CLIENT', 'parent_id': '0x" TEST_PARENT
        "', 'start_time': '2026-11-21T15:18:44.346489Z',"
        " 'end_time': '2026-11-21T15:18:44.346866Z', 'status': { 'status_code': 'ERROR',"
        " 'description': 'timeout' }, 'attributes': { 'http.response.status_code': 500,"
        " 'l': [ 1, 2 ] }, 'events': [ { 'name': 'retry',"
        " 'timestamp': '2026-11-21T15:18:44.346504Z', 'attributes': { 'n': 1 } } ],"
        " 'links': [ { 'context': { 'trace_id': '0x" TEST_TRACE "', 'span_id': '0x" TEST_PARENT
        "', 'trace_state': '[]' }, 'attributes': { 'a': 1 } } ],"
        " 'resource': { 'attributes': { 'telemetry.sdk.language': 'python',"
        " 'service.name': 'orders', 'host.name': 'web-1' }, 'schema_url': '' } }",
        "{'ts':'2026-11-21T15:18:44.346866000Z','level':'info','msg':'span completed',"
        "'service':'orders','trace_id':'" TEST_TRACE "','span_id':'" TEST_SPAN
        "','parent_id':'" TEST_PARENT "','trace_flags':'01','operation':'db','kind':'client',"
        "'start':'2026-11-21T15:18:44.346489000Z','duration_ms':0.377,'status':'error',"
        "'status_code':500,'error':'timeout','telemetry.sdk.language':'python',"
        "'host.name':'web-1','l':[ 1, 2 ],"
        "'events':[{'ts':'2026-11-21T15:18:44.346504000Z','name':'retry','n':1}],"
        "'links':[{'trace_id':'" TEST_TRACE "','span_id':'" TEST_PARENT "'}]}\n");
}

static void pythons_console_log_is_read(void **state) {
    (void)state;
    translates_to(spanlog_translate_otel_console,
                  "{'body':'cache miss','severity_number':13,'severity_text':'WARN',"
                  "'attributes':{'key':'user:7','code.line.number':18},'dropped_attributes':0,"
                  "'timestamp':'2026-11-21T15:18:44.346548Z',"
                  "'observed_timestamp':'2026-11-21T15:18:44.346606Z','trace_id':'0x" TEST_TRACE
                  "','span_id':'0x" TEST_SPAN
                  "','trace_flags':3,'resource':{'attributes':{'service.name':'orders'},"
                  "'schema_url':''},'event_name':''}",
                  "{'ts':'2026-11-21T15:18:44.346548000Z','level':'warn','msg':'cache miss',"
                  "'service':'orders','trace_id':'" TEST_TRACE "','span_id':'" TEST_SPAN
                  "','trace_flags':'03','key':'user:7','code.line.number':18}\n");
    translates_to(spanlog_translate_otel_console,
                  "{'body':'older','severity_number':'<SeverityNumber.WARN: 13>',"
                  "'severity_text':null,'attributes':null,'timestamp':null,"
                  "'observed_timestamp':'2026-11-21T15:18:44.346606Z','trace_id':'','span_id':'',"
                  "'trace_flags':null,'resource':''}",
                  "{'ts':'2026-11-21T15:18:44.346606000Z','level':'warn','msg':'older',"
                  "'service':''}\n");
}

static void gos_stdouttrace_is_read(void **state) {
    (void)state;
    translates_to(
        spanlog_translate_otel_console,
        "{'Name':'GET /','SpanContext':{'TraceID':'" TEST_TRACE "','SpanID':'" TEST_SPAN
        "','TraceFlags':'01','TraceState':'','Remote':false},'Parent':{'TraceID':'" TEST_TRACE
        "','SpanID':'" TEST_PARENT
        "','TraceFlags':'01','TraceState':'','Remote':true},'SpanKind':2,"
        "'StartTime':'2026-11-21T16:30:45.123456789+01:00',"
        "'EndTime':'2026-11-21T16:30:45.124456789+01:00',"
        "'Attributes':[{'Key':'http.response.status_code','Value':{'Type':'INT64',"
        "'Value':404}},{'Key':'tags','Value':{'Type':'STRINGSLICE','Value':['a','b']}}],"
        "'Events':[{'Name':'e','Attributes':[{'Key':'k','Value':{'Type':'BOOL',"
        "'Value':true}}],'DroppedAttributeCount':0,"
        "'Time':'2026-11-21T16:30:45.1235+01:00'}],'Links':[{'SpanContext':{'TraceID':'" TEST_TRACE
        "','SpanID':'" TEST_PARENT
        "','TraceFlags':'00'},'Attributes':null}],'Status':{'Code':'Error',"
        "'Description':'no cart'},'DroppedAttributes':1,'DroppedEvents':2,"
        "'DroppedLinks':3,'ChildSpanCount':0,'Resource':[{'Key':'service.name',"
        "'Value':{'Type':'STRING','Value':'shop'}},{'Key':'host.name',"
        "'Value':{'Type':'STRING','Value':'web-1'}}],"
        "'InstrumentationScope':{'Name':'otelhttp','Version':'','SchemaURL':''}}",
        "{'ts':'2026-11-21T15:30:45.124456789Z','level':'info','msg':'span completed',"
        "'service':'shop','trace_id':'" TEST_TRACE "','span_id':'" TEST_SPAN
        "','parent_id':'" TEST_PARENT "','trace_flags':'01','operation':'GET /','kind':'server',"
        "'start':'2026-11-21T15:30:45.123456789Z','duration_ms':1,'status':'error',"
        "'status_code':404,'error':'no cart','host.name':'web-1',"
        "'otel.scope.name':'otelhttp','tags':['a','b'],"
        "'events':[{'ts':'2026-11-21T15:30:45.123500000Z','name':'e','k':true}],"
        "'links':[{'trace_id':'" TEST_TRACE "','span_id':'" TEST_PARENT
        "'}],'dropped_attributes':1,'dropped_events':2,'dropped_links':3}\n");
    translates_to(spanlog_translate_otel_console,
                  "{'Name':'root','SpanContext':{'TraceID':'" TEST_TRACE "','SpanID':'" TEST_SPAN
                  "','TraceFlags':'00'},'Parent':{'TraceID':'00000000000000000000000000000000',"
                  "'SpanID':'0000000000000000','TraceFlags':'00'},'SpanKind':1,"
                  "'StartTime':'2026-11-21T15:30:45Z','EndTime':'2026-11-21T15:30:45Z',"
                  "'Attributes':null,'Events':null,'Links':null,'Status':{'Code':'Ok',"
                  "'Description':''},'Resource':null,'InstrumentationScope':{'Name':''}}",
                  "{'ts':'2026-11-21T15:30:45.000000000Z','level':'info','msg':'span completed',"
                  "'service':'','trace_id':'" TEST_TRACE "','span_id':'" TEST_SPAN
                  "','trace_flags':'00','operation':'root','kind':'internal',"
                  "'start':'2026-11-21T15:30:45.000000000Z','duration_ms':0,'status':'ok'}\n");
}

static void gos_stdoutlog_is_read(void **state) {
    (void)state;
    translates_to(
        spanlog_translate_otel_console,
        "{'Timestamp':'2026-11-21T15:30:45Z','ObservedTimestamp':'2026-11-21T15:30:46Z',"
        "'Severity':9,'SeverityText':'INFO','Body':{'Type':'String','Value':'paid'},"
        "'Attributes':[{'Key':'n','Value':{'Type':'Int64','Value':3}}],'TraceID':'" TEST_TRACE
        "','SpanID':'" TEST_SPAN
        "','TraceFlags':'01','Resource':[{'Key':'service.name','Value':{'Type':'STRING',"
        "'Value':'shop'}}],'Scope':{'Name':'pay','Version':'','SchemaURL':''},"
        "'DroppedAttributes':0}",
        "{'ts':'2026-11-21T15:30:45.000000000Z','level':'info','msg':'paid',"
        "'service':'shop','trace_id':'" TEST_TRACE "','span_id':'" TEST_SPAN
        "','trace_flags':'01','logger':'pay','n':3}\n");
}

static void nodes_spans_are_read_where_they_are_json(void **state) {
    (void)state;
    translates_to(spanlog_translate_otel_console,
                  "{'resource':{'attributes':{'service.name':'web'}},"
                  "'instrumentationScope':{'name':'http'},'traceId':'" TEST_TRACE
                  "','parentSpanContext':{'traceId':'" TEST_TRACE "','spanId':'" TEST_PARENT
                  "'},'traceState':null,'name':'GET','id':'" TEST_SPAN
                  "','kind':1,'timestamp':1795257045123456,'duration':1500.5,'attributes':{'a':1},"
                  "'status':{'code':2,'message':'bad'},'events':[{'name':'e','attributes':{},"
                  "'time':[1795257045,123500000],'droppedAttributesCount':0}],"
                  "'links':[{'context':{'traceId':'" TEST_TRACE "','spanId':'" TEST_PARENT
                  "'},'attributes':{}}]}",
                  "{'ts':'2026-11-21T10:30:45.124956500Z','level':'info','msg':'span completed',"
                  "'service':'web','trace_id':'" TEST_TRACE "','span_id':'" TEST_SPAN
                  "','parent_id':'" TEST_PARENT
                  "','trace_flags':'01','operation':'GET','kind':'server',"
                  "'start':'2026-11-21T10:30:45.123456000Z','duration_ms':1.5005,'status':'error',"
                  "'error':'bad','otel.scope.name':'http','a':1,"
                  "'events':[{'ts':'2026-11-21T10:30:45.123500000Z','name':'e'}],"
                  "'links':[{'trace_id':'" TEST_TRACE "','span_id':'" TEST_PARENT "'}]}\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_otlp_span_is_read_with_all_its_parts),
        cmocka_unit_test(attributes_of_every_type_become_plain_json),
        cmocka_unit_test(snake_case_and_names_of_enums_are_read),
        cmocka_unit_test(ids_of_protobufs_own_json_are_base64),
        cmocka_unit_test(one_resource_alone_is_a_document),
        cmocka_unit_test(what_otlp_has_no_field_for_is_told_by_attributes),
        cmocka_unit_test(a_value_that_does_not_fit_its_field_stays_an_attribute),
        cmocka_unit_test(otlp_log_records_are_read),
        cmocka_unit_test(pythons_console_span_is_read),
        cmocka_unit_test(pythons_console_log_is_read),
        cmocka_unit_test(gos_stdouttrace_is_read),
        cmocka_unit_test(gos_stdoutlog_is_read),
        cmocka_unit_test(nodes_spans_are_read_where_they_are_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
