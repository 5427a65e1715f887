/*
 * Runs a fuzz target without a fuzzer, so that every test run does: each file of a corpus as it is,
 * cut short at every byte, and with seeded changes. libFuzzer brings a main of its own instead
 * (HAWSER_FUZZ).
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX  65536u
#define CUTS_MAX   2048u /* inputs longer than this are cut at even distances */
#define MUTATIONS  2000u
#define CHANGES    4u
#define FIRST_SEED UINT64_C(0x9E3779B97F4A7C15)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545F4914F6CDD1D);
}

static void run_cut(const uint8_t *data, size_t size)
{
    size_t step = size / CUTS_MAX + 1;
    for (size_t len = 0; len <= size; len += step) {
        (void)LLVMFuzzerTestOneInput(data, len); /* a fault ends the process */
    }
    (void)LLVMFuzzerTestOneInput(data, size);
}

/* Flip a bit, set a byte, repeat a piece, or take one out. @return the new size */
static size_t change(uint8_t *data, size_t size, uint64_t *random)
{
    static const uint8_t NASTY[] = {0x00, 0x7f, 0x80, 0xff, '"', '\\', '{', '}', ';', '\n'};
    size_t at                    = (size_t)(next_random(random) % size);
    size_t piece                 = (size_t)(next_random(random) % 16);
    size_t rest                  = size - at;
    switch (next_random(random) % 4) {
    case 0:
        data[at] ^= (uint8_t)(1u << next_random(random) % 8);
        return size;
    case 1:
        data[at] = NASTY[next_random(random) % sizeof(NASTY)];
        return size;
    case 2:
        piece = piece > INPUT_MAX - size ? INPUT_MAX - size : piece;
        memmove(data + at + piece, data + at, rest);
        return size + piece;
    default:
        piece = piece >= rest ? rest - 1 : piece;
        memmove(data + at, data + at + piece, rest - piece);
        return size - piece;
    }
}

static void run_changed(const uint8_t *data, size_t size, uint64_t *random)
{
    static uint8_t changed[INPUT_MAX];
    for (unsigned i = 0; size > 0 && i < MUTATIONS; i++) {
        size_t len = size;
        memcpy(changed, data, size);
        for (uint64_t left = 1 + next_random(random) % CHANGES; left > 0; left--) {
            len = change(changed, len, random);
        }
        (void)LLVMFuzzerTestOneInput(changed, len); /* a fault ends the process */
    }
}

/* @return 0, or -1: it cannot be read */
static int run_file(const char *folder, const char *name)
{
    uint64_t random = FIRST_SEED; /* a file's changes do not depend on its neighbours */
    static uint8_t data[INPUT_MAX];
    char path[4096];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return -1;
    }
    size_t size = fread(data, 1, sizeof(data), file);
    (void)fclose(file); /* it was read only */
    run_cut(data, size);
    run_changed(data, size, &random);
    return 0;
}

int main(int argc, char **argv)
{
    unsigned files = 0;
    int rc         = EXIT_SUCCESS;
    DIR *folder    = argc == 2 ? opendir(argv[1]) : NULL;
    if (folder == NULL) {
        fprintf(stderr, "usage: %s CORPUS_FOLDER\n", argv[0]);
        return EXIT_FAILURE;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] != '.') {
            files++;
            rc = run_file(argv[1], entry->d_name) == 0 ? rc : EXIT_FAILURE;
        }
    }
    (void)closedir(folder); /* it was read only */
    printf("%u files of %s\n", files, argv[1]);
    return files > 0 ? rc : EXIT_FAILURE;
}
