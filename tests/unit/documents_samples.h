/* tests/unit/documents_samples.h: a line of each kind that the formats of documents know, with
 * every part that is read. For tests that change them. Apostrophes stand for quotes. */
#ifndef SPANLOG_TESTS_DOCUMENTS_SAMPLES_H
#define SPANLOG_TESTS_DOCUMENTS_SAMPLES_H

#include "tests/unit/documents_test.h"

static const struct {
    spanlog_translate_function *format;
    const char *text;
} samples[] = {
    {spanlog_translate_otlp,
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
     "'attributes':[{'key':'http.response.status_code',"
     "'value':{'intValue':'503'}},{'key':'peer','value':{'stringValue':'a\\nb'}}],"
     "'events':[{'timeUnixNano':'1795257045124456789','name':'retry',"
     "'attributes':[{'key':'n','value':{'intValue':2}}]}],'links':[{'traceId':'" TEST_TRACE
     "','spanId':'" TEST_PARENT
     "','attributes':[]}],'droppedAttributesCount':3,'droppedEventsCount':1,"
     "'droppedLinksCount':2,'status':{'code':2,'message':'timeout'}}]}]}]}"},
    {spanlog_translate_otlp,
     "{'resourceSpans':[{'resource':{},'scopeSpans':[{'spans':[{'traceId':'" TEST_TRACE
     "','spanId':'" TEST_SPAN "','name':'n','startTimeUnixNano':'1795257045123456789',"
     "'endTimeUnixNano':'1795257045123456789','attributes':[{'key':'s',"
     "'value':{'stringValue':'a'}},{'key':'i',"
     "'value':{'intValue':'-9223372036854775808'}},{'key':'j',"
     "'value':{'intValue':7}},{'key':'d','value':{'doubleValue':1.5}},"
     "{'key':'nan','value':{'doubleValue':'NaN'}},{'key':'b',"
     "'value':{'boolValue':false}},{'key':'bytes','value':{'bytesValue':'AQID'}},"
     "{'key':'none','value':{}},{'key':'list',"
     "'value':{'arrayValue':{'values':[{'stringValue':'x'},{'intValue':'1'},{},"
     "{'arrayValue':{}},{'kvlistValue':{'values':[{'key':'k',"
     "'value':{'boolValue':true}}]}}]}}},{'key':'map',"
     "'value':{'kvlistValue':{'values':[{'key':'a','value':{'intValue':'1'}},"
     "{'key':'b'},{'value':{'intValue':'2'}}]}}}]}]}]}]}"},
    {spanlog_translate_otlp,
     "{'resource_spans':[{'resource':{'attributes':[{'key':'service.name',"
     "'value':{'string_value':'orders'}}]},"
     "'instrumentation_library_spans':[{'instrumentation_library':{'name':'old'},"
     "'spans':[{'trace_id':'" TEST_TRACE "','span_id':'" TEST_SPAN
     "','parent_span_id':'','name':'q','kind':'SPAN_KIND_CLIENT',"
     "'start_time_unix_nano':1795257045123456789,"
     "'end_time_unix_nano':1795257045123456889,"
     "'status':{'code':'STATUS_CODE_ERROR'},"
     "'attributes':[{'key':'rpc.grpc.status_code','value':{'int_value':14}},"
     "{'key':'http.status_code','value':{'string_value':'none'}}]},{'trace_id':'" TEST_TRACE
     "','span_id':'" TEST_PARENT "','name':'r','kind':'SPAN_KIND_PRODUCER',"
     "'start_time_unix_nano':1795257045123456789,"
     "'end_time_unix_nano':1795257045123456888,'status':{'code':'STATUS_CODE_OK',"
     "'message':'ignored'}}]}]}]}"},
    {spanlog_translate_otlp,
     "{'batches':[{'resource':{},"
     "'instrumentationLibrarySpans':[{'spans':[{'traceId':'CvdlGRbNQ92ESOshHIAxnA="
     "=','spanId':'APBnqgupArc=','parentSpanId':'APBnqgupArg=','name':'b',"
     "'startTimeUnixNano':'1795257045123456789',"
     "'endTimeUnixNano':'1795257045123456789'}]}]}]}"},
    {spanlog_translate_otlp, "{'resource':{'attributes':[{'key':'service.name',"
                             "'value':{'stringValue':'solo'}}]},'scopeSpans':[{'scope':{},"
                             "'spans':[{'traceId':'0AF7651916CD43DD8448EB211C80319C',"
                             "'spanId':'00F067AA0BA902B7','name':'a',"
                             "'startTimeUnixNano':'1795257045123456789',"
                             "'endTimeUnixNano':'1795257045123456000'}]}],'schemaUrl':''}"},
    {spanlog_translate_otlp,
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
     "'severityNumber':'SEVERITY_NUMBER_DEBUG3','body':{'doubleValue':1.5},"
     "'traceId':'" TEST_TRACE "','spanId':'" TEST_SPAN
     "'},{'timeUnixNano':0,'traceId':'','spanId':''}]}]}]}"},
    {spanlog_translate_otel_console,
     "{ 'name': 'db', 'context': { 'trace_id': '0x" TEST_TRACE "', 'span_id': '0x" TEST_SPAN
     "', 'trace_state': '[]' }, 'kind': 'SpanKind.CLIENT', 'parent_id': '0x" TEST_PARENT
     "', 'start_time': '2026-11-21T15:18:44.346489Z',"
     " 'end_time': '2026-11-21T15:18:44.346866Z',"
     " 'status': { 'status_code': 'ERROR', 'description': 'timeout' },"
     " 'attributes': { 'http.response.status_code': 500, 'l': [ 1, 2 ] },"
     " 'events': [ { 'name': 'retry', 'timestamp': '2026-11-21T15:18:44.346504Z',"
     " 'attributes': { 'n': 1 } } ], 'links': [ { 'context': { 'trace_id': '0x" TEST_TRACE
     "', 'span_id': '0x" TEST_PARENT "', 'trace_state': '[]' }, 'attributes': { 'a': 1 } } ],"
     " 'resource': { 'attributes': { 'telemetry.sdk.language': 'python',"
     " 'service.name': 'orders', 'host.name': 'web-1' }, 'schema_url': '' } }"},
    {spanlog_translate_otel_console,
     "{'body':'cache miss','severity_number':13,'severity_text':'WARN',"
     "'attributes':{'key':'user:7','code.line.number':18},'dropped_attributes':0,"
     "'timestamp':'2026-11-21T15:18:44.346548Z',"
     "'observed_timestamp':'2026-11-21T15:18:44.346606Z','trace_id':'0x" TEST_TRACE
     "','span_id':'0x" TEST_SPAN
     "','trace_flags':3,'resource':{'attributes':{'service.name':'orders'},"
     "'schema_url':''},'event_name':''}"},
    {spanlog_translate_otel_console,
     "{'body':'older','severity_number':'<SeverityNumber.WARN: 13>',"
     "'severity_text':null,'attributes':null,'timestamp':null,"
     "'observed_timestamp':'2026-11-21T15:18:44.346606Z','trace_id':'',"
     "'span_id':'','trace_flags':null,'resource':''}"},
    {spanlog_translate_otel_console,
     "{'Name':'GET /','SpanContext':{'TraceID':'" TEST_TRACE "','SpanID':'" TEST_SPAN
     "','TraceFlags':'01','TraceState':'','Remote':false},'Parent':{'TraceID':'" TEST_TRACE
     "','SpanID':'" TEST_PARENT "','TraceFlags':'01','TraceState':'','Remote':true},'SpanKind':2,"
     "'StartTime':'2026-11-21T16:30:45.123456789+01:00',"
     "'EndTime':'2026-11-21T16:30:45.124456789+01:00',"
     "'Attributes':[{'Key':'http.response.status_code','Value':{'Type':'INT64',"
     "'Value':404}},{'Key':'tags','Value':{'Type':'STRINGSLICE','Value':['a',"
     "'b']}}],'Events':[{'Name':'e','Attributes':[{'Key':'k',"
     "'Value':{'Type':'BOOL','Value':true}}],'DroppedAttributeCount':0,"
     "'Time':'2026-11-21T16:30:45.1235+01:00'}],"
     "'Links':[{'SpanContext':{'TraceID':'" TEST_TRACE "','SpanID':'" TEST_PARENT
     "','TraceFlags':'00'},'Attributes':null}],'Status':{'Code':'Error',"
     "'Description':'no cart'},'DroppedAttributes':1,'DroppedEvents':2,"
     "'DroppedLinks':3,'ChildSpanCount':0,'Resource':[{'Key':'service.name',"
     "'Value':{'Type':'STRING','Value':'shop'}},{'Key':'host.name',"
     "'Value':{'Type':'STRING','Value':'web-1'}}],"
     "'InstrumentationScope':{'Name':'otelhttp','Version':'','SchemaURL':''}}"},
    {spanlog_translate_otel_console,
     "{'Name':'root','SpanContext':{'TraceID':'" TEST_TRACE "','SpanID':'" TEST_SPAN
     "','TraceFlags':'00'},'Parent':{'TraceID':'00000000000000000000000000000000',"
     "'SpanID':'0000000000000000','TraceFlags':'00'},'SpanKind':1,"
     "'StartTime':'2026-11-21T15:30:45Z','EndTime':'2026-11-21T15:30:45Z',"
     "'Attributes':null,'Events':null,'Links':null,'Status':{'Code':'Ok',"
     "'Description':''},'Resource':null,'InstrumentationScope':{'Name':''}}"},
    {spanlog_translate_otel_console,
     "{'Timestamp':'2026-11-21T15:30:45Z',"
     "'ObservedTimestamp':'2026-11-21T15:30:46Z','Severity':9,"
     "'SeverityText':'INFO','Body':{'Type':'String','Value':'paid'},"
     "'Attributes':[{'Key':'n','Value':{'Type':'Int64','Value':3}}],'TraceID':'" TEST_TRACE
     "','SpanID':'" TEST_SPAN "','TraceFlags':'01','Resource':[{'Key':'service.name',"
     "'Value':{'Type':'STRING','Value':'shop'}}],'Scope':{'Name':'pay',"
     "'Version':'','SchemaURL':''},'DroppedAttributes':0}"},
    {spanlog_translate_otel_console,
     "{'resource':{'attributes':{'service.name':'web'}},"
     "'instrumentationScope':{'name':'http'},'traceId':'" TEST_TRACE
     "','parentSpanContext':{'traceId':'" TEST_TRACE "','spanId':'" TEST_PARENT
     "'},'traceState':null,'name':'GET','id':'" TEST_SPAN
     "','kind':1,'timestamp':1795257045123456,'duration':1500.5,"
     "'attributes':{'a':1},'status':{'code':2,'message':'bad'},"
     "'events':[{'name':'e','attributes':{},'time':[1795257045,123500000],"
     "'droppedAttributesCount':0}],'links':[{'context':{'traceId':'" TEST_TRACE
     "','spanId':'" TEST_PARENT "'},'attributes':{}}]}"},
    {spanlog_translate_jaeger,
     "{'data':[{'traceID':'" TEST_TRACE "','spans':[{'traceID':'" TEST_TRACE
     "','spanID':'" TEST_SPAN
     "','flags':1,'operationName':'GET','references':[{'refType':'FOLLOWS_FROM',"
     "'traceID':'" TEST_TRACE "','spanID':'1111111111111111'},{'refType':'CHILD_OF',"
     "'traceID':'ffffffffffffffffffffffffffffffff','spanID':'2222222222222222'},"
     "{'refType':'CHILD_OF','traceID':'" TEST_TRACE "','spanID':'" TEST_PARENT
     "'}],'startTime':1795257045123456,'duration':45200,"
     "'tags':[{'key':'span.kind','type':'string','value':'server'},"
     "{'key':'http.status_code','type':'int64','value':'503'},{'key':'error',"
     "'type':'bool','value':true},{'key':'otel.status_description',"
     "'type':'string','value':'no stock'},{'key':'n','type':'int64','value':3},"
     "{'key':'f','type':'float64','value':'1.5'},{'key':'b','type':'bool',"
     "'value':'false'}],'logs':[{'timestamp':1795257045124000,"
     "'fields':[{'key':'message','type':'string','value':'m'},{'key':'event',"
     "'type':'string','value':'retry'},{'key':'n','type':'int64','value':1}]},"
     "{'timestamp':1795257045125000,'fields':[{'key':'message','type':'string',"
     "'value':'hello'}]},{'timestamp':1795257045126000,'fields':[]}],"
     "'processID':'p1','warnings':null}],"
     "'processes':{'p1':{'serviceName':'orders','tags':[{'key':'hostname',"
     "'type':'string','value':'web-1'},{'key':'ip','type':'string',"
     "'value':'10.0.0.1'},{'key':'v','type':'string','value':'2'}]},"
     "'p2':{'serviceName':'geo','tags':[{'key':'ip','type':'string',"
     "'value':'10.0.0.2'}]}},'warnings':null}],'total':0,'limit':0,'offset':0,"
     "'errors':null}"},
    {spanlog_translate_jaeger,
     "{'processes':{'p1':{'serviceName':'orders','tags':[{'key':'hostname',"
     "'type':'string','value':'web-1'},{'key':'ip','type':'string',"
     "'value':'10.0.0.1'},{'key':'v','type':'string','value':'2'}]},"
     "'p2':{'serviceName':'geo','tags':[{'key':'ip','type':'string',"
     "'value':'10.0.0.2'}]}},'traceID':'A','spans':[{'spanID':'B',"
     "'operationName':'o','references':[{'refType':'FOLLOWS_FROM','spanID':'C'},"
     "{'refType':'FOLLOWS_FROM','spanID':'D'}],'startTime':0,'duration':100,"
     "'processID':'p2'}]}"},
    {spanlog_translate_jaeger,
     "[{'traceID':'0000c34b2d4a6099','spans':[{'spanID':'c34b2d4a6099',"
     "'parentSpanID':'7aef0a4de0888549','operationName':'o','startTime':1,"
     "'duration':2.5,'process':{'serviceName':'own','tags':{'hostname':'h'}}}],"
     "'processes':{}}]"},
    {spanlog_translate_jaeger,
     "{'traces':[{'traceID':'A','spans':[{'spanID':'B','operationName':'o',"
     "'startTime':5,'tags':[{'key':'error','value':'boom'}]}],'processes':{}}]}"},
    {spanlog_translate_jaeger, "{'data':[],'total':0,'limit':0,'offset':0,'errors':null}"},
    {spanlog_translate_zipkin,
     "[{'traceId':'" TEST_TRACE "','parentId':'" TEST_PARENT "','id':'" TEST_SPAN
     "','kind':'CLIENT','name':'get /','timestamp':1795257045123456,"
     "'duration':1500,'localEndpoint':{'serviceName':'orders','ipv4':'10.0.0.1'},"
     "'remoteEndpoint':{'serviceName':'web','ipv6':'::1','port':80},"
     "'annotations':[{'timestamp':1795257045124000,'value':'wr'}],"
     "'tags':{'http.status_code':'500','error':'timeout','x':'y'}},{'traceId':'" TEST_TRACE
     "','parentId':'" TEST_PARENT "','id':'" TEST_SPAN
     "','kind':'SERVER','name':'get /','timestamp':1795257045123456,"
     "'duration':1500,'localEndpoint':{'serviceName':'orders','ipv4':'10.0.0.1'},"
     "'remoteEndpoint':{'serviceName':'web','ipv6':'::1','port':80},"
     "'annotations':[{'timestamp':1795257045124000,'value':'wr'}],"
     "'tags':{'http.status_code':'500','error':'timeout','x':'y'},'shared':true}]"},
    {spanlog_translate_zipkin,
     "{'traceId':'48485a3953bb6124','parentId':'','id':'6b221d5bc9e6496c',"
     "'kind':'PRODUCER','name':'get /','timestamp':1795257045123456,"
     "'duration':1500,'localEndpoint':{'serviceName':'orders','ipv4':'10.0.0.1'},"
     "'remoteEndpoint':{'serviceName':'web','ipv6':'::1','port':80},"
     "'annotations':[{'timestamp':1795257045124000,'value':'wr'}],"
     "'tags':{'http.status_code':'500','error':'timeout','x':'y'}}"},
    {spanlog_translate_zipkin,
     "[[{'traceId':'48485a3953bb6124','id':'6b221d5bc9e6496c','name':'a',"
     "'localEndpoint':{'ipv6':'fe80::1'},'timestamp':5,'tags':{'error':'true'}}],"
     "[{'traceId':'48485a3953bb6124','id':'2','kind':'CONSUMER',"
     "'annotations':[{'timestamp':20,'value':'cs'},{'timestamp':12,"
     "'value':'cr'}]}]]"},
    {spanlog_translate_chrome,
     "{'traceEvents':[{'ph':'M','name':'process_name','pid':1,'tid':0,"
     "'args':{'name':'shop'}},{'ph':'M','name':'thread_name','pid':1,'tid':2,"
     "'args':{'name':'main'}},{'ph':'X','name':'inner','cat':'db','ts':15,"
     "'dur':5.5,'pid':1,'tid':2,'args':{'n':3,'error':'late','kind':'client',"
     "'status_code':500}},{'ph':'X','name':'outer','ts':10,'dur':20,'pid':1,"
     "'tid':2},{'ph':'X','name':'spills','ts':25,'dur':20,'pid':1,'tid':2},"
     "{'ph':'X','name':'other thread','ts':12,'dur':2,'pid':1,'tid':3},{'ph':'i',"
     "'name':'instant','ts':12,'pid':1,'tid':2,'s':'t'}],'displayTimeUnit':'ns'}"},
    {spanlog_translate_chrome,
     "[{'ph':'B','name':'a','ts':1,'pid':1,'tid':2,'args':{'x':1}},{'ph':'B',"
     "'name':'b','ts':2,'pid':1,'tid':2},{'ph':'E','ts':3,'pid':1,'tid':2,"
     "'args':{'y':2}},{'ph':'E','ts':4,'pid':1,'tid':2},{'ph':'b','cat':'io',"
     "'id':'0x1','name':'read','ts':2,'pid':1,'tid':2},{'ph':'e','cat':'io',"
     "'id':'0x1','name':'read','ts':9,'pid':1,'tid':3},{'ph':'B',"
     "'name':'never ends','ts':5,'pid':1,'tid':2},{'ph':'E','ts':6,'pid':9,"
     "'tid':9}]"},
    {spanlog_translate_chrome,
     "{'traceEvents':[{'ph':'X','name':'root','ts':1795257045123456.789,"
     "'dur':1500,'pid':1,'tid':2,'args':{'trace_id':'" TEST_TRACE "','span_id':'" TEST_SPAN
     "','status':'ok','service':'orders'}},{'ph':'X','name':'child',"
     "'ts':1795257045123460,'dur':5,'pid':1,'tid':2,'args':{'trace_id':'" TEST_TRACE
     "','span_id':'1111111111111111','parent_id':'" TEST_SPAN
     "'}},{'ph':'X','name':'nested','ts':1795257045123470,'dur':5,'pid':1,'tid':2,"
     "'args':{'trace_id':'" TEST_TRACE "'}}]}"},
    {spanlog_translate_chrome,
     "{'traceEvents':[{'ph':'M','name':'process_name','pid':832627214,"
     "'args':{'name':'orders'}},{'ph':'b','cat':'span','name':'GET /','id':'0/0',"
     "'pid':832627214,'tid':1,'ts':1795257045123456.789,'args':{'trace_id':'" TEST_TRACE
     "','span_id':'" TEST_SPAN "','parent_id':'" TEST_PARENT
     "','span.kind':'server','status':'error','error':'timeout','n':3,"
     "'status_code':500}},{'ph':'n','cat':'span','name':'retry','id':'0/0',"
     "'pid':832627214,'tid':1,'ts':1795257045124456.789,'args':{'trace_id':'" TEST_TRACE
     "','span_id':'" TEST_SPAN
     "','k':1}},{'ph':'e','cat':'span','name':'GET /','id':'0/0','pid':832627214,"
     "'tid':1,'ts':1795257045168656.789}]}"},
    {spanlog_translate_loki,
     "{'status':'success','data':{'resultType':'streams',"
     "'result':[{'stream':{'service_name':'orders','env':'prod','level':'warn'},"
     "'values':[['1795257045123456789','cache miss',{'trace_id':'" TEST_TRACE
     "','span_id':'" TEST_SPAN "','pod':'p-1'}],['1795257045123456790',"
     "'{\\'ts\\':\\'2026-11-21T10:30:45.5Z\\',\\'level\\':\\'error\\',"
     "\\'msg\\':\\'a \\\\\\'b\\\\\\'\\',\\'service\\':\\'own\\',\\'trace_id\\':\\'" TEST_TRACE
     "\\',\\'env\\':\\'dev\\'}'],['1795257045123456791','{\\'ts\\':\\'\\',"
     "\\'msg\\':\\'no time\\'}',{'traceID':'" TEST_TRACE
     "'}],['1795257045123456792','{broken'],['1795257045123456793',"
     "'two\\nlines\\n'],['1795257045123456794']]}],'stats':{}}}"},
    {spanlog_translate_loki,
     "{'status':'success','data':{'resultType':'streams',"
     "'result':[{'stream':{'service_name':'orders','env':'prod'},"
     "'values':[['1795257045123456789','{\\'name\\':\\'db\\',"
     "\\'context\\':{\\'trace_id\\':\\'0x" TEST_TRACE "\\',\\'span_id\\':\\'0x" TEST_SPAN
     "\\'},\\'start_time\\':\\'2026-11-21T15:18:44.346489Z\\',"
     "\\'end_time\\':\\'2026-11-21T15:18:44.346866Z\\',"
     "\\'attributes\\':{\\'a\\':1}}']]}]}}"},
};

#endif
