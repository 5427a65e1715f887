/*
 * libFuzzer target: the envelope scanner, single members and elements, against Jansson. The corpus
 * is tests/fuzz/corpus/scan; the unit tests replay it through the same comparison.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/correlate.h"
#include "support/scan_oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int accepted;
    struct hawser_error err;
    char *copy = malloc(size); /* exactly as long as the input: one byte too far is found */
    if (copy == NULL && size > 0) {
        return 0;
    }
    if (size > 0) {
        memcpy(copy, data, size);
    }
    struct hawser_slice bytes = {copy, size};
    const char *difference    = scan_oracle_difference(bytes, &accepted);
    rpc_error_explain(bytes, &err);
    if (difference != NULL || memchr(err.message, 0, sizeof(err.message)) == NULL) {
        fprintf(stderr, "differs from Jansson: %s\n", difference == NULL ? "" : difference);
        abort();
    }
    free(copy);
    return 0;
}
