/*
 * `messages`: the mix as text, one message a line, for `route` and for other parsers.
 */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "mix.h"

#define SNAPSHOT_BYTES 20000u /* no other message is as long */

static int is_kind(struct hawser_slice message, const char *kind)
{
    int is_snapshot = message.len > SNAPSHOT_BYTES;
    if (kind == NULL) {
        return 1;
    }
    if (is_snapshot || strcmp(kind, "snapshot") == 0) {
        return is_snapshot && strcmp(kind, "snapshot") == 0;
    }
    char channel[32];
    int len = snprintf(channel, sizeof(channel), "\"channel\":\"%s.", kind);
    return len > 0 && memmem(message.data, message.len, channel, (size_t)len) != NULL;
}

int bench_messages(const struct bench_options *options)
{
    static struct mix mix; /* its table is large */
    uint64_t written = 0;
    if (mix_init(&mix, 0) != 0) {
        fprintf(stderr, "hawser-bench: out of memory\n");
        return -1;
    }
    for (uint64_t i = 0; i < MIX_MESSAGES; i++) {
        struct hawser_slice message = mix_message(&mix, i);
        if (is_kind(message, options->kind)) {
            (void)fwrite(message.data, 1, message.len, stdout); /* ferror below */
            (void)putchar('\n');
            written++;
        }
    }
    mix_fini(&mix);
    if (written == 0) {
        fprintf(stderr, "hawser-bench: no kind %s: ticker, book, trades or snapshot\n",
                options->kind);
    }
    return written > 0 && fflush(stdout) == 0 && !ferror(stdout) ? 0 : -1;
}
