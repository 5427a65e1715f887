/*
 * The scanners alone: `route FILE`, a file with one message a line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "cost.h"
#include "rpc/learned.h"
#include "rpc/scan.h"

#define ROUNDS        9
#define ROUND_SECONDS 0.1

struct work {
    char *text;
    struct hawser_slice *messages;
    size_t count;
    size_t bytes;
};

struct scanner {
    const char *name;
    int (*scan)(struct hawser_slice bytes, struct hawser_envelope *out);
    double ns[ROUNDS];
};

static struct scanner scanners[] = {
    {.name = "learned", .scan = rpc_scan},
    {.name = "general", .scan = rpc_scan_general},
    {.name = "strict", .scan = rpc_scan_strict},
};

#define SCANNERS (sizeof(scanners) / sizeof(scanners[0]))

static char *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    long size  = 0;
    if (file != NULL && fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) > 0) {
        rewind(file);
        text = malloc((size_t)size);
    }
    if (text == NULL || fread(text, 1, (size_t)size, file) != (size_t)size) {
        free(text);
        text = NULL;
    }
    if (file != NULL) {
        (void)fclose(file); /* only read from */
    }
    *len = (size_t)size;
    return text;
}

static int split(struct work *work, size_t len)
{
    size_t lines = 1;
    for (size_t i = 0; i < len; i++) {
        lines += work->text[i] == '\n';
    }
    work->messages = calloc(lines, sizeof(*work->messages));
    if (work->messages == NULL) {
        return -1;
    }
    for (const char *at = work->text, *end = at + len; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop             = stop == NULL ? end : stop;
        if (stop > at) {
            work->messages[work->count++] = (struct hawser_slice){at, (size_t)(stop - at)};
            work->bytes += (size_t)(stop - at);
        }
        at = stop + 1;
    }
    return work->count > 0 ? 0 : -1;
}

/* @return ns of CPU a message; -1: a message was refused */
static double run_round(const struct work *work, const struct scanner *scanner)
{
    struct hawser_envelope envelope;
    double start  = cost_cpu_seconds();
    double spent  = 0;
    uint64_t done = 0;
    do {
        for (size_t i = 0; i < work->count; i++) {
            if (scanner->scan(work->messages[i], &envelope) != 0) {
                return -1;
            }
        }
        done += work->count;
        spent = cost_cpu_seconds() - start;
    } while (spent < ROUND_SECONDS);
    return spent / (double)done * 1e9;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;
    return (*x > *y) - (*x < *y);
}

static void print(const struct work *work)
{
    double mean = (double)work->bytes / (double)work->count;
    printf("{\"messages\":%zu,\"mean_bytes\":%.1f", work->count, mean);
    for (size_t i = 0; i < SCANNERS; i++) {
        struct scanner *scanner = &scanners[i];
        qsort(scanner->ns, ROUNDS, sizeof(scanner->ns[0]), by_size);
        double ns = scanner->ns[ROUNDS / 2];
        printf(",\"%s_ns\":%.1f,\"%s_gb_s\":%.2f", scanner->name, ns, scanner->name, mean / ns);
    }
    printf("}\n");
}

int bench_route(const struct bench_options *options)
{
    struct work work = {0};
    size_t len       = 0;
    int rc           = -1;
    work.text        = read_file(options->target, &len);
    if (work.text == NULL || split(&work, len) != 0) {
        fprintf(stderr, "hawser-bench: %s: no messages in it\n", options->target);
        goto done;
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < SCANNERS; i++) {
            scanners[i].ns[round] = run_round(&work, &scanners[i]);
            if (scanners[i].ns[round] < 0) {
                fprintf(stderr, "hawser-bench: a message was refused (%s)\n", scanners[i].name);
                goto done;
            }
        }
    }
    print(&work);
    rc = 0;
done:
    free(work.messages);
    free(work.text);
    return rc;
}
