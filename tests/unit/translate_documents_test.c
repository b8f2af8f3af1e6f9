/* tests/unit/translate_documents_test.c: Jaeger's, Zipkin's, Chrome's and Loki's documents. */
#include "tests/unit/documents_test.h"

static void a_jaeger_document_is_read_with_processes_behind_the_spans(void **state) {
    (void)state;
    translates_to(
        spanlog_translate_jaeger,
        "{'data':[{'traceID':'" TEST_TRACE "','spans':[{'traceID':'" TEST_TRACE
        "','spanID':'" TEST_SPAN
        "','flags':1,'operationName':'GET','references':[{'refType':'FOLLOWS_FROM',"
        "'traceID':'" TEST_TRACE "','spanID':'1111111111111111'},{'refType':'CHILD_OF',"
        "'traceID':'ffffffffffffffffffffffffffffffff','spanID':'2222222222222222'},"
        "{'refType':'CHILD_OF','traceID':'" TEST_TRACE "','spanID':'" TEST_PARENT
        "'}],'startTime':1795257045123456,'duration':45200,'tags':[{'key':'span.kind',"
        "'type':'string','value':'server'},{'key':'http.status_code','type':'int64',"
        "'value':'503'},{'key':'error','type':'bool','value':true},"
        "{'key':'otel.status_description','type':'string','value':'no stock'},{'key':'n',"
        "'type':'int64','value':3},{'key':'f','type':'float64','value':'1.5'},{'key':'b',"
        "'type':'bool','value':'false'}],'logs':[{'timestamp':1795257045124000,"
        "'fields':[{'key':'message','type':'string','value':'m'},{'key':'event',"
        "'type':'string','value':'retry'},{'key':'n','type':'int64','value':1}]},"
        "{'timestamp':1795257045125000,'fields':[{'key':'message','type':'string',"
        "'value':'hello'}]},{'timestamp':1795257045126000,'fields':[]}],'processID':'p1',"
        "'warnings':null}],'processes':{'p1':{'serviceName':'orders',"
        "'tags':[{'key':'hostname','type':'string','value':'web-1'},{'key':'ip',"
        "'type':'string','value':'10.0.0.1'},{'key':'v','type':'string','value':'2'}]},"
        "'p2':{'serviceName':'geo','tags':[{'key':'ip','type':'string',"
        "'value':'10.0.0.2'}]}},'warnings':null}],'total':0,'limit':0,'offset':0,"
        "'errors':null}",
        "{'ts':'2026-11-21T10:30:45.168656000Z','level':'info','msg':'span completed',"
        "'service':'orders','trace_id':'" TEST_TRACE "','span_id':'" TEST_SPAN
        "','parent_id':'" TEST_PARENT "','trace_flags':'01','operation':'GET','kind':'server',"
        "'start':'2026-11-21T10:30:45.123456000Z','duration_ms':45.2,'status':'error',"
        "'status_code':503,'error':'no stock','ip':'10.0.0.1','v':'2',"
        "'host.name':'web-1','n':3,'f':1.5,'b':false,"
        "'events':[{'ts':'2026-11-21T10:30:45.124000000Z','name':'retry','message':'m',"
        "'n':1},{'ts':'2026-11-21T10:30:45.125000000Z','name':'hello'},"
        "{'ts':'2026-11-21T10:30:45.126000000Z','name':'log'}],'links':[{'trace_id':'" TEST_TRACE
        "','span_id':'1111111111111111'},{'trace_id':'ffffffffffffffffffffffffffffffff',"
        "'span_id':'2222222222222222'}]}\n");
}

static void a_jaeger_trace_is_read_alone_in_lists_and_with_processes_first(void **state) {
    (void)state;
    translates_to(spanlog_translate_jaeger,
                  "{'processes':{'p1':{'serviceName':'orders','tags':[{'key':'hostname',"
                  "'type':'string','value':'web-1'},{'key':'ip','type':'string',"
                  "'value':'10.0.0.1'},{'key':'v','type':'string','value':'2'}]},"
                  "'p2':{'serviceName':'geo','tags':[{'key':'ip','type':'string',"
                  "'value':'10.0.0.2'}]}},'traceID':'A','spans':[{'spanID':'B','operationName':'o',"
                  "'references':[{'refType':'FOLLOWS_FROM','spanID':'C'},{'refType':'FOLLOWS_FROM',"
                  "'spanID':'D'}],'startTime':0,'duration':100,'processID':'p2'}]}",
                  "{'ts':'1970-01-01T00:00:00.000100000Z','level':'info','msg':'span completed',"
                  "'service':'geo','trace_id':'A','span_id':'B','parent_id':'C','trace_flags':'01',"
                  "'operation':'o','kind':'internal','start':'1970-01-01T00:00:00.000000000Z',"
                  "'duration_ms':0.1,'ip':'10.0.0.2','host.name':'10.0.0.2','dropped_links':1}\n");
    translates_to(spanlog_translate_jaeger,
                  "[{'traceID':'0000c34b2d4a6099','spans':[{'spanID':'c34b2d4a6099',"
                  "'parentSpanID':'7aef0a4de0888549','operationName':'o','startTime':1,"
                  "'duration':2.5,'process':{'serviceName':'own','tags':{'hostname':'h'}}}],"
                  "'processes':{}}]",
                  "{'ts':'1970-01-01T00:00:00.000003500Z','level':'info','msg':'span completed',"
                  "'service':'own','trace_id':'00000000000000000000c34b2d4a6099',"
                  "'span_id':'0000c34b2d4a6099','parent_id':'7aef0a4de0888549','trace_flags':'01',"
                  "'operation':'o','kind':'internal','start':'1970-01-01T00:00:00.000001000Z',"
                  "'duration_ms':0.0025,'host.name':'h'}\n");
    translates_to(spanlog_translate_jaeger,
                  "{'traces':[{'traceID':'A','spans':[{'spanID':'B','operationName':'o',"
                  "'startTime':5,'tags':[{'key':'error','value':'boom'}]}],'processes':{}}]}",
                  "{'ts':'1970-01-01T00:00:00.000005000Z','level':'info','msg':'span completed',"
                  "'service':'','trace_id':'A','span_id':'B','trace_flags':'01','operation':'o',"
                  "'kind':'internal','start':'1970-01-01T00:00:00.000005000Z','duration_ms':0,"
                  "'status':'error','error':'boom'}\n");
}

static void an_answer_without_traces_gives_nothing(void **state) {
    (void)state;
    translates_to(spanlog_translate_jaeger,
                  "{'data':[],'total':0,'limit':0,'offset':0,'errors':null}", "");
}

static void zipkin_spans_are_read_with_all_their_parts(void **state) {
    (void)state;
    translates_to(
        spanlog_translate_zipkin,
        "[{'traceId':'" TEST_TRACE "','parentId':'" TEST_PARENT "','id':'" TEST_SPAN
        "','kind':'CLIENT','name':'get /','timestamp':1795257045123456,'duration':1500,"
        "'localEndpoint':{'serviceName':'orders','ipv4':'10.0.0.1'},"
        "'remoteEndpoint':{'serviceName':'web','ipv6':'::1','port':80},"
        "'annotations':[{'timestamp':1795257045124000,'value':'wr'}],"
        "'tags':{'http.status_code':'500','error':'timeout','x':'y'}},{'traceId':'" TEST_TRACE
        "','parentId':'" TEST_PARENT "','id':'" TEST_SPAN
        "','kind':'SERVER','name':'get /','timestamp':1795257045123456,'duration':1500,"
        "'localEndpoint':{'serviceName':'orders','ipv4':'10.0.0.1'},"
        "'remoteEndpoint':{'serviceName':'web','ipv6':'::1','port':80},"
        "'annotations':[{'timestamp':1795257045124000,'value':'wr'}],"
        "'tags':{'http.status_code':'500','error':'timeout','x':'y'},'shared':true}]",
        "{'ts':'2026-11-21T10:30:45.124956000Z','level':'info','msg':'span completed',"
        "'service':'orders','trace_id':'" TEST_TRACE "','span_id':'" TEST_SPAN
        "','parent_id':'" TEST_PARENT "','trace_flags':'01','operation':'get /','kind':'client',"
        "'start':'2026-11-21T10:30:45.123456000Z','duration_ms':1.5,'status':'error',"
        "'status_code':500,'error':'timeout','host.name':'10.0.0.1','peer.service':'web',"
        "'network.peer.address':'::1','network.peer.port':80,'x':'y',"
        "'events':[{'ts':'2026-11-21T10:30:45.124000000Z',"
        "'name':'wr'}]}\n{'ts':'2026-11-21T10:30:45.124956000Z','level':'info',"
        "'msg':'span completed','service':'orders','trace_id':'" TEST_TRACE
        "','span_id':'" TEST_SPAN "','parent_id':'" TEST_PARENT
        "','trace_flags':'01','operation':'get /','kind':'server',"
        "'start':'2026-11-21T10:30:45.123456000Z','duration_ms':1.5,'status':'error',"
        "'status_code':500,'error':'timeout','host.name':'10.0.0.1','peer.service':'web',"
        "'network.peer.address':'::1','network.peer.port':80,'x':'y',"
        "'events':[{'ts':'2026-11-21T10:30:45.124000000Z','name':'wr'}]}\n");
}

static void a_zipkin_span_is_read_alone_and_in_lists_of_traces(void **state) {
    (void)state;
    translates_to(spanlog_translate_zipkin,
                  "{'traceId':'48485a3953bb6124','parentId':'','id':'6b221d5bc9e6496c',"
                  "'kind':'PRODUCER','name':'get /','timestamp':1795257045123456,'duration':1500,"
                  "'localEndpoint':{'serviceName':'orders','ipv4':'10.0.0.1'},"
                  "'remoteEndpoint':{'serviceName':'web','ipv6':'::1','port':80},"
                  "'annotations':[{'timestamp':1795257045124000,'value':'wr'}],"
                  "'tags':{'http.status_code':'500','error':'timeout','x':'y'}}",
                  "{'ts':'2026-11-21T10:30:45.124956000Z','level':'info','msg':'span completed',"
                  "'service':'orders','trace_id':'000000000000000048485a3953bb6124',"
                  "'span_id':'6b221d5bc9e6496c','trace_flags':'01','operation':'get /',"
                  "'kind':'producer','start':'2026-11-21T10:30:45.123456000Z','duration_ms':1.5,"
                  "'status':'error','status_code':500,'error':'timeout','host.name':'10.0.0.1',"
                  "'peer.service':'web','network.peer.address':'::1','network.peer.port':80,"
                  "'x':'y','events':[{'ts':'2026-11-21T10:30:45.124000000Z','name':'wr'}]}\n");
    translates_to(spanlog_translate_zipkin,
                  "[[{'traceId':'48485a3953bb6124','id':'6b221d5bc9e6496c','name':'a',"
                  "'localEndpoint':{'ipv6':'fe80::1'},'timestamp':5,'tags':{'error':'true'}}],"
                  "[{'traceId':'48485a3953bb6124','id':'2','kind':'CONSUMER',"
                  "'annotations':[{'timestamp':20,'value':'cs'},{'timestamp':12,'value':'cr'}]}]]",
                  "{'ts':'1970-01-01T00:00:00.000005000Z','level':'info','msg':'span completed',"
                  "'service':'','trace_id':'000000000000000048485a3953bb6124',"
                  "'span_id':'6b221d5bc9e6496c','trace_flags':'01','operation':'a',"
                  "'kind':'internal','start':'1970-01-01T00:00:00.000005000Z','duration_ms':0,"
                  "'status':'error','host.name':'fe80::1'}\n{'ts':'1970-01-01T00:00:00.000020000Z',"
                  "'level':'info','msg':'span completed','service':'',"
                  "'trace_id':'000000000000000048485a3953bb6124','span_id':'2','trace_flags':'01',"
                  "'operation':'','kind':'consumer','start':'1970-01-01T00:00:00.000012000Z',"
                  "'duration_ms':0.008,'events':[{'ts':'1970-01-01T00:00:00.000020000Z',"
                  "'name':'cs'},{'ts':'1970-01-01T00:00:00.000012000Z','name':'cr'}]}\n");
}

static void complete_events_nest_by_time(void **state) {
    (void)state;
    translates_to(
        spanlog_translate_chrome,
        "{'traceEvents':[{'ph':'M','name':'process_name','pid':1,'tid':0,"
        "'args':{'name':'shop'}},{'ph':'M','name':'thread_name','pid':1,'tid':2,"
        "'args':{'name':'main'}},{'ph':'X','name':'inner','cat':'db','ts':15,'dur':5.5,"
        "'pid':1,'tid':2,'args':{'n':3,'error':'late','kind':'client',"
        "'status_code':500}},{'ph':'X','name':'outer','ts':10,'dur':20,'pid':1,'tid':2},"
        "{'ph':'X','name':'spills','ts':25,'dur':20,'pid':1,'tid':2},{'ph':'X',"
        "'name':'other thread','ts':12,'dur':2,'pid':1,'tid':3},{'ph':'i',"
        "'name':'instant','ts':12,'pid':1,'tid':2,'s':'t'}],'displayTimeUnit':'ns'}",
        "{'ts':'1970-01-01T00:00:00.000020500Z','level':'info','msg':'span completed',"
        "'service':'shop','trace_id':'33e1780675ddc52b333327de41b2af1f',"
        "'span_id':'82a7b3dd8ea43157','parent_id':'f2514b2e7425124a','trace_flags':'01',"
        "'operation':'inner','kind':'client','start':'1970-01-01T00:00:00.000015000Z',"
        "'duration_ms':0.0055,'status':'error','status_code':500,'error':'late','pid':1,"
        "'tid':2,'thread.name':'main','cat':'db',"
        "'n':3}\n{'ts':'1970-01-01T00:00:00.000030000Z','level':'info',"
        "'msg':'span completed','service':'shop',"
        "'trace_id':'33e1780675ddc52b333327de41b2af1f','span_id':'f2514b2e7425124a',"
        "'trace_flags':'01','operation':'outer','kind':'internal',"
        "'start':'1970-01-01T00:00:00.000010000Z','duration_ms':0.02,'pid':1,'tid':2,"
        "'thread.name':'main'}\n{'ts':'1970-01-01T00:00:00.000045000Z','level':'info',"
        "'msg':'span completed','service':'shop',"
        "'trace_id':'33e1780675ddc52b333327de41b2af1f','span_id':'8aa90e7a65b66e7a',"
        "'trace_flags':'01','operation':'spills','kind':'internal',"
        "'start':'1970-01-01T00:00:00.000025000Z','duration_ms':0.02,'pid':1,'tid':2,"
        "'thread.name':'main'}\n{'ts':'1970-01-01T00:00:00.000014000Z','level':'info',"
        "'msg':'span completed','service':'shop',"
        "'trace_id':'33e1780675ddc52b333327de41b2af1f','span_id':'4a7e86e4b7c7a136',"
        "'trace_flags':'01','operation':'other thread','kind':'internal',"
        "'start':'1970-01-01T00:00:00.000012000Z','duration_ms':0.002,'pid':1,'tid':3}\n");
}

static void begins_and_ends_are_paired(void **state) {
    (void)state;
    translates_to(
        spanlog_translate_chrome,
        "[{'ph':'B','name':'a','ts':1,'pid':1,'tid':2,'args':{'x':1}},{'ph':'B',"
        "'name':'b','ts':2,'pid':1,'tid':2},{'ph':'E','ts':3,'pid':1,'tid':2,"
        "'args':{'y':2}},{'ph':'E','ts':4,'pid':1,'tid':2},{'ph':'b','cat':'io',"
        "'id':'0x1','name':'read','ts':2,'pid':1,'tid':2},{'ph':'e','cat':'io',"
        "'id':'0x1','name':'read','ts':9,'pid':1,'tid':3},{'ph':'B','name':'never ends',"
        "'ts':5,'pid':1,'tid':2},{'ph':'E','ts':6,'pid':9,'tid':9}]",
        "{'ts':'1970-01-01T00:00:00.000004000Z','level':'info','msg':'span completed',"
        "'service':'','trace_id':'c9aa0934fa909a0eca58595c98a98c18',"
        "'span_id':'42c3dadf4465996b','trace_flags':'01','operation':'a',"
        "'kind':'internal','start':'1970-01-01T00:00:00.000001000Z','duration_ms':0.003,"
        "'pid':1,'tid':2,'x':1}\n{'ts':'1970-01-01T00:00:00.000003000Z','level':'info',"
        "'msg':'span completed','service':'',"
        "'trace_id':'c9aa0934fa909a0eca58595c98a98c18','span_id':'629120ee7424fde0',"
        "'parent_id':'42c3dadf4465996b','trace_flags':'01','operation':'b',"
        "'kind':'internal','start':'1970-01-01T00:00:00.000002000Z','duration_ms':0.001,"
        "'pid':1,'tid':2,'y':2}\n{'ts':'1970-01-01T00:00:00.000009000Z','level':'info',"
        "'msg':'span completed','service':'',"
        "'trace_id':'c9aa0934fa909a0eca58595c98a98c18','span_id':'3b9decf6758b118a',"
        "'trace_flags':'01','operation':'read','kind':'internal',"
        "'start':'1970-01-01T00:00:00.000002000Z','duration_ms':0.007,'pid':1,'tid':2,"
        "'cat':'io'}\n{'ts':'1970-01-01T00:00:00.000009000Z','level':'info',"
        "'msg':'span abandoned','service':'',"
        "'trace_id':'c9aa0934fa909a0eca58595c98a98c18','span_id':'076b7ad082a92af8',"
        "'trace_flags':'01','operation':'never ends','kind':'internal',"
        "'start':'1970-01-01T00:00:00.000005000Z','duration_ms':0.004,'pid':1,'tid':2}\n");
}

static void ids_among_the_arguments_win(void **state) {
    (void)state;
    translates_to(
        spanlog_translate_chrome,
        "{'traceEvents':[{'ph':'X','name':'root','ts':1795257045123456.789,'dur':1500,"
        "'pid':1,'tid':2,'args':{'trace_id':'" TEST_TRACE "','span_id':'" TEST_SPAN
        "','status':'ok','service':'orders'}},{'ph':'X','name':'child',"
        "'ts':1795257045123460,'dur':5,'pid':1,'tid':2,'args':{'trace_id':'" TEST_TRACE
        "','span_id':'1111111111111111','parent_id':'" TEST_SPAN
        "'}},{'ph':'X','name':'nested','ts':1795257045123470,'dur':5,'pid':1,'tid':2,"
        "'args':{'trace_id':'" TEST_TRACE "'}}]}",
        "{'ts':'2026-11-21T10:30:45.124956789Z','level':'info','msg':'span completed',"
        "'service':'orders','trace_id':'" TEST_TRACE "','span_id':'" TEST_SPAN
        "','trace_flags':'01','operation':'root','kind':'internal',"
        "'start':'2026-11-21T10:30:45.123456789Z','duration_ms':1.5,'status':'ok',"
        "'pid':1,'tid':2}\n{'ts':'2026-11-21T10:30:45.123465000Z','level':'info',"
        "'msg':'span completed','service':'','trace_id':'" TEST_TRACE
        "','span_id':'1111111111111111','parent_id':'" TEST_SPAN
        "','trace_flags':'01','operation':'child','kind':'internal',"
        "'start':'2026-11-21T10:30:45.123460000Z','duration_ms':0.005,'pid':1,"
        "'tid':2}\n{'ts':'2026-11-21T10:30:45.123475000Z','level':'info',"
        "'msg':'span completed','service':'','trace_id':'" TEST_TRACE
        "','span_id':'64496aa4c06012a7','parent_id':'" TEST_SPAN
        "','trace_flags':'01','operation':'nested','kind':'internal',"
        "'start':'2026-11-21T10:30:45.123470000Z','duration_ms':0.005,'pid':1,'tid':2}\n");
}

static void what_our_own_export_writes_is_read_back(void **state) {
    (void)state;
    translates_to(
        spanlog_translate_chrome,
        "{'traceEvents':[{'ph':'M','name':'process_name','pid':832627214,"
        "'args':{'name':'orders'}},{'ph':'b','cat':'span','name':'GET /','id':'0/0',"
        "'pid':832627214,'tid':1,'ts':1795257045123456.789,'args':{'trace_id':'" TEST_TRACE
        "','span_id':'" TEST_SPAN "','parent_id':'" TEST_PARENT
        "','span.kind':'server','status':'error','error':'timeout','n':3,"
        "'status_code':500}},{'ph':'n','cat':'span','name':'retry','id':'0/0',"
        "'pid':832627214,'tid':1,'ts':1795257045124456.789,'args':{'trace_id':'" TEST_TRACE
        "','span_id':'" TEST_SPAN
        "','k':1}},{'ph':'e','cat':'span','name':'GET /','id':'0/0','pid':832627214,"
        "'tid':1,'ts':1795257045168656.789}]}",
        "{'ts':'2026-11-21T10:30:45.168656789Z','level':'info','msg':'span completed',"
        "'service':'orders','trace_id':'" TEST_TRACE "','span_id':'" TEST_SPAN
        "','parent_id':'" TEST_PARENT "','trace_flags':'01','operation':'GET /','kind':'server',"
        "'start':'2026-11-21T10:30:45.123456789Z','duration_ms':45.2,'status':'error',"
        "'status_code':500,'error':'timeout','pid':832627214,'tid':1,'n':3}\n");
}

static void lokis_answer_is_read(void **state) {
    (void)state;
    translates_to(
        spanlog_translate_loki,
        "{'status':'success','data':{'resultType':'streams',"
        "'result':[{'stream':{'service_name':'orders','env':'prod','level':'warn'},"
        "'values':[['1795257045123456789','cache miss',{'trace_id':'" TEST_TRACE
        "','span_id':'" TEST_SPAN
        "','pod':'p-1'}],['1795257045123456790','{\\'ts\\':\\'2026-11-21T10:30:45.500000000Z\\',"
        "\\'level\\':\\'error\\',\\'msg\\':\\'a \\\\\\'b\\\\\\'\\',"
        "\\'service\\':\\'own\\',\\'trace_id\\':\\'" TEST_TRACE
        "\\',\\'env\\':\\'dev\\'}'],['1795257045123456791','{\\'ts\\':\\'\\',"
        "\\'msg\\':\\'no time\\'}',{'traceID':'" TEST_TRACE
        "'}],['1795257045123456792','{broken'],['1795257045123456793','two\\nlines\\n'],"
        "['1795257045123456794']]}],'stats':{}}}",
        "{'ts':'2026-11-21T10:30:45.123456789Z','level':'warn','msg':'cache miss',"
        "'service':'orders','trace_id':'" TEST_TRACE "','span_id':'" TEST_SPAN
        "','env':'prod','pod':'p-1'}\n{'ts':'2026-11-21T10:30:45.500000000Z',"
        "'level':'error','msg':'a \\'b\\'','service':'own','trace_id':'" TEST_TRACE
        "','env':'dev'}\n{'ts':'2026-11-21T10:30:45.123456791Z','level':'warn',"
        "'msg':'no time','service':'orders','trace_id':'" TEST_TRACE
        "','env':'prod'}\n{'ts':'2026-11-21T10:30:45.123456792Z','level':'warn',"
        "'msg':'{broken','service':'orders',"
        "'env':'prod'}\n{'ts':'2026-11-21T10:30:45.123456793Z','level':'warn',"
        "'msg':'two\\u000alines','service':'orders','env':'prod'}\n");
}

static void documents_within_lokis_lines_are_read(void **state) {
    (void)state;
    translates_to(spanlog_translate_loki,
                  "{'status':'success','data':{'resultType':'streams',"
                  "'result':[{'stream':{'service_name':'orders','env':'prod'},"
                  "'values':[['1795257045123456789','{\\'name\\':\\'db\\',"
                  "\\'context\\':{\\'trace_id\\':\\'0x" TEST_TRACE
                  "\\',\\'span_id\\':\\'0x" TEST_SPAN
                  "\\'},\\'start_time\\':\\'2026-11-21T15:18:44.346489Z\\',"
                  "\\'end_time\\':\\'2026-11-21T15:18:44.346866Z\\',"
                  "\\'attributes\\':{\\'a\\':1}}']]}]}}",
                  "{'ts':'2026-11-21T15:18:44.346866000Z','level':'info','msg':'span completed',"
                  "'service':'orders','trace_id':'" TEST_TRACE "','span_id':'" TEST_SPAN
                  "','trace_flags':'01','operation':'db','kind':'internal',"
                  "'start':'2026-11-21T15:18:44.346489000Z','duration_ms':0.377,'a':1,"
                  "'env':'prod'}\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_jaeger_document_is_read_with_processes_behind_the_spans),
        cmocka_unit_test(a_jaeger_trace_is_read_alone_in_lists_and_with_processes_first),
        cmocka_unit_test(an_answer_without_traces_gives_nothing),
        cmocka_unit_test(zipkin_spans_are_read_with_all_their_parts),
        cmocka_unit_test(a_zipkin_span_is_read_alone_and_in_lists_of_traces),
        cmocka_unit_test(complete_events_nest_by_time),
        cmocka_unit_test(begins_and_ends_are_paired),
        cmocka_unit_test(ids_among_the_arguments_win),
        cmocka_unit_test(what_our_own_export_writes_is_read_back),
        cmocka_unit_test(lokis_answer_is_read),
        cmocka_unit_test(documents_within_lokis_lines_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
