/*
 * Runs a fuzz target without a fuzzer, so that every test run does: each file of a corpus as it is,
 * cut short, and with seeded changes; of these as many as a test may take time for, whatever the
 * size of the corpus. libFuzzer brings a main of its own instead (HAWSER_FUZZ).
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX  65536u
#define CUTS_MAX   2048u /* inputs longer than this are cut at even distances */
#define CHANGES    4u
#define FIRST_SEED UINT64_C(0x9E3779B97F4A7C15)

/* Changed and cut inputs of the whole corpus. A slow target has fewer. */
#ifndef REPLAY_RUNS
#define REPLAY_RUNS 20000u
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545F4914F6CDD1D);
}

static void run_cut(const uint8_t *data, size_t size, size_t runs)
{
    size_t max  = runs < CUTS_MAX ? runs : CUTS_MAX;
    size_t step = size / (max > 0 ? max : 1) + 1;
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

static void run_changed(const uint8_t *data, size_t size, size_t runs)
{
    static uint8_t changed[INPUT_MAX];
    uint64_t seed    = FIRST_SEED; /* a file's changes do not depend on its neighbours */
    uint64_t *random = &seed;
    for (size_t i = 0; size > 0 && i < runs; i++) {
        size_t len = size;
        memcpy(changed, data, size);
        for (uint64_t left = 1 + next_random(random) % CHANGES; left > 0; left--) {
            len = change(changed, len, random);
        }
        (void)LLVMFuzzerTestOneInput(changed, len); /* a fault ends the process */
    }
}

/* @return 0, or -1: it cannot be read */
static int run_file(const char *folder, const char *name, size_t runs)
{
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
    run_cut(data, size, runs / 2);
    run_changed(data, size, runs / 2);
    return 0;
}

static size_t count_files(DIR *folder)
{
    size_t files = 0;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        files += entry->d_name[0] != '.';
    }
    rewinddir(folder);
    return files;
}

int main(int argc, char **argv)
{
    int rc      = EXIT_SUCCESS;
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    if (folder == NULL) {
        fprintf(stderr, "usage: %s CORPUS_FOLDER\n", argv[0]);
        return EXIT_FAILURE;
    }
    size_t files = count_files(folder);
    size_t runs  = files > 0 ? REPLAY_RUNS / files : 0;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] != '.') {
            rc = run_file(argv[1], entry->d_name, runs) == 0 ? rc : EXIT_FAILURE;
        }
    }
    (void)closedir(folder); /* it was read only */
    printf("%zu files of %s\n", files, argv[1]);
    return files > 0 ? rc : EXIT_FAILURE;
}
