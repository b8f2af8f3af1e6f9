/* load: sends requests to the shop's gateway and counts the answers by status.
 *
 *     shop-load 8080          200 requests to port 8080
 *     shop-load 8080 1000     1000 of them
 *     shop-load 8080 1000 0   without a pause of 10 ms between a worker's requests
 *     shop-load 8080 1000 0 unsampled   asks the shop to record no spans (traceparent ending in 00)
 *
 *        201  134
 *        409  8
 *
 * The requests are the same every time. In the middle comes one organ, the slowest there is. An
 * answer that did not come counts as status 0; then, and after a 502, the worker waits a moment.
 * Not traced: it plays the world outside.
 */
#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WORKERS = 4, RETRY_MS = 100 };

static int port, requests = 200, think_ms = 10;
static struct curl_slist *headers;
static atomic_int next_request;
static atomic_int answers[600];

static void wait_ms(long duration_ms) {
    nanosleep(&(struct timespec){.tv_nsec = duration_ms * 1000000L}, NULL);
}

/* The i-th request: most buy something, every fourth looks at an earlier order. */
static void describe(int i, char *ret_url, size_t size, int *ret_is_post) {
    static const char *const items[] = {"tea", "cup", "tea", "kettle", "tea", "moon", "cup"};
    const char *item = items[i % 7];
    int quantity = 1 + i % 3;
    *ret_is_post = i % 4 != 3;
    if (i == requests / 2) {
        item = "organ", quantity = 4, *ret_is_post = 1;
    } else if (i % 20 == 5) {
        item = "piano";
    }
    if (*ret_is_post)
        snprintf(ret_url, size, "http://127.0.0.1:%d/checkout?item=%s&qty=%d", port, item,
                 quantity);
    else
        snprintf(ret_url, size, "http://127.0.0.1:%d/orders/%d", port, 1 + i / 4);
}

static size_t ignore_body(char *data, size_t one, size_t size, void *unused) {
    (void)data, (void)unused;
    return one * size;
}

static int send_request(CURL *curl, int i) {
    char url[128];
    int is_post;
    long status = 0;
    describe(i, url, sizeof url, &is_post);
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore_body);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 10000L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (is_post)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
    if (curl_easy_perform(curl) == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return status >= 100 && status < 600 ? (int)status : 0;
}

static void *work(void *unused) {
    (void)unused;
    CURL *curl = curl_easy_init();
    int i;
    while (curl != NULL && (i = atomic_fetch_add(&next_request, 1)) < requests) {
        int status = send_request(curl, i);
        atomic_fetch_add(&answers[status], 1);
        wait_ms(status == 0 || status == 502 ? RETRY_MS : think_ms);
    }
    curl_easy_cleanup(curl);
    return NULL;
}

int main(int argc, char **argv) {
    pthread_t workers[WORKERS];
    port = argc > 1 ? atoi(argv[1]) : 0;
    if (argc > 2)
        requests = atoi(argv[2]);
    if (argc > 3)
        think_ms = atoi(argv[3]);
    if (port <= 0 || requests <= 0 || think_ms < 0 || argc > 5) {
        fprintf(stderr, "usage: %s PORT [REQUESTS [PAUSE_MS [unsampled]]]\n", argv[0]);
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (argc > 4)
        headers = curl_slist_append(
            NULL, "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
    for (int i = 0; i < WORKERS; i++)
        if (pthread_create(&workers[i], NULL, work, NULL) != 0)
            return 1;
    for (int i = 0; i < WORKERS; i++)
        pthread_join(workers[i], NULL);
    curl_slist_free_all(headers);
    curl_global_cleanup();
    for (int status = 0; status < 600; status++)
        if (answers[status] > 0)
            printf("%6d  %d\n", status, answers[status]);
    return 0;
}
