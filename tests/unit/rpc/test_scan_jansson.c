/*
 * The scanner against Jansson on a large set of documents: generated, damaged, and the corpus of
 * the fuzzer.
 */
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "support/guard.h"
#include "support/scan_oracle.h"
#include "support/suite.h"

#define DOCUMENT_MAX_BYTES 4096u

static uint64_t prng_state;

static unsigned pick(unsigned count)
{
    prng_state ^= prng_state << 13;
    prng_state ^= prng_state >> 7;
    prng_state ^= prng_state << 17;
    return (unsigned)(prng_state >> 33) % count;
}

struct document {
    char text[DOCUMENT_MAX_BYTES];
    size_t len;
};

static void put(struct document *document, const char *text)
{
    size_t len = strlen(text);
    if (len <= sizeof(document->text) - document->len) {
        memcpy(document->text + document->len, text, len);
        document->len += len;
    }
}

#define PUT_ONE_OF(document, list) put((document), (list)[pick(sizeof(list) / sizeof((list)[0]))])

static void put_space(struct document *document)
{
    static const char *const SPACES[] = {"", "", "", "", " ", "\n", "\t\r", "    "};
    PUT_ONE_OF(document, SPACES);
}

static void put_string(struct document *document)
{
    static const char *const PIECES[] = {"",
                                         "a",
                                         "subscription",
                                         "ticker.BTC-PERPETUAL.100ms",
                                         "\\\"",
                                         "\\\\",
                                         "\\n",
                                         "\\u0041",
                                         "\\/",
                                         "}{][",
                                         ",:",
                                         "\\ud83d\\ude00",
                                         "\xc3\xa9",
                                         "\xe2\x82\xac",
                                         "a string of more than sixteen bytes",
                                         "\xf0\x9f\x98\x80",
                                         "\\u00e9",
                                         "\x7f"};
    put(document, "\"");
    for (unsigned i = pick(4); i > 0; i--) {
        PUT_ONE_OF(document, PIECES);
    }
    put(document, "\"");
}

static void put_key(struct document *document)
{
    static const char *const KEYS[] = {"\"id\"",
                                       "\"method\"",
                                       "\"params\"",
                                       "\"result\"",
                                       "\"error\"",
                                       "\"channel\"",
                                       "\"data\"",
                                       "\"jsonrpc\"",
                                       "\"i\\u0064\"",
                                       "\"me\\u0074hod\"",
                                       "\"p\\u0061rams\"",
                                       "\"chan\\u006eel\"",
                                       "\"d\\u0061t\\u0061\"",
                                       "\"idx\"",
                                       "\"\"",
                                       "\"a.b\"",
                                       "\"re\\u0073ult\"",
                                       "\"errors\"",
                                       "\"Method\"",
                                       "\"\\u00e9\""};
    if (pick(10) == 0) {
        put_string(document);
    } else {
        PUT_ONE_OF(document, KEYS);
    }
    put_space(document);
    put(document, ":");
}

static void put_scalar(struct document *document)
{
    static const char *const SCALARS[] = {"0", "-0", "1", "-1", "42", "9223372036854775807",
                                          "-9223372036854775808", "1.5", "-2.25", "1e5", "3E-7",
                                          "1.0e+2", "true", "false", "null", "\"\"", "[]", "{}",
                                          /* what Jansson refuses for its value, rare: */
                                          "9223372036854775808", "1e999", "\"\\ud800\""};
    if (pick(2) == 0) {
        put_string(document);
    } else {
        put(document, SCALARS[pick(pick(20) == 0 ? 21 : 18)]);
    }
}

static void put_value(struct document *document, unsigned depth);

static void put_container(struct document *document, unsigned depth, int object)
{
    put(document, object ? "{" : "[");
    put_space(document);
    for (unsigned i = 0, count = pick(object ? 8 : 5); i < count; i++) {
        put(document, i > 0 ? "," : "");
        put_space(document);
        if (object) {
            put_key(document);
        }
        put_value(document, depth + 1);
    }
    put(document, object ? "}" : "]");
}

static void put_value(struct document *document, unsigned depth)
{
    put_space(document);
    if (depth > 5 || pick(depth + 2) != 0) {
        put_scalar(document);
    } else {
        put_container(document, depth, pick(3) != 0);
    }
    put_space(document);
}

static void damage(struct document *document)
{
    static const char BYTES[] = "{}[]\",:\\ 0e-.tn\x01\xff\xc3u";
    if (document->len == 0) {
        return;
    }
    size_t at = pick((unsigned)document->len);
    switch (pick(5)) {
    case 0: /* another byte */
        document->text[at] = BYTES[pick(sizeof(BYTES))];
        break;
    case 1: /* one byte less */
        memmove(document->text + at, document->text + at + 1, --document->len - at);
        break;
    case 2: /* one byte more */
        if (document->len < sizeof(document->text)) {
            memmove(document->text + at + 1, document->text + at, document->len++ - at);
            document->text[at] = BYTES[pick(sizeof(BYTES))];
        }
        break;
    case 3: /* cut */
        document->len = pick(4) == 0 ? at : document->len;
        break;
    default: /* a piece of itself at its end */
        document->text[at] = document->text[pick((unsigned)document->len)];
        break;
    }
}

static int check_document(const struct document *document)
{
    int accepted;
    struct hawser_slice copy = guard_copy(document->text, document->len);
    const char *difference   = scan_oracle_difference(copy, &accepted);
    ck_assert_msg(difference == NULL, "%s: %.*s", difference, (int)copy.len, copy.data);
    guard_free(copy);
    return accepted;
}

START_TEST(generated_documents_are_read_as_jansson_reads_them)
{
    int accepted = 0;
    prng_state   = UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)_i;
    for (int i = 0; i < 10000; i++) {
        struct document document = {.len = 0};
        put_space(&document);
        put_container(&document, 0, pick(20) != 0);
        accepted += check_document(&document);
    }
    ck_assert_int_gt(accepted, 4000); /* else the generator makes nothing worth comparing */
}
END_TEST

START_TEST(damaged_documents_get_jansson_s_verdict)
{
    int accepted = 0;
    prng_state   = UINT64_C(0xd1b54a32d192ed03) + (uint64_t)_i;
    for (int i = 0; i < 10000; i++) {
        struct document document = {.len = 0};
        put_container(&document, 0, 1);
        for (unsigned count = 1 + pick(3); count > 0; count--) {
            damage(&document);
        }
        accepted += check_document(&document);
    }
    ck_assert_int_gt(accepted, 500);
    ck_assert_int_lt(accepted, 9500);
}
END_TEST

START_TEST(fuzzing_corpus_is_read_as_jansson_reads_it)
{
    DIR *folder = opendir(CORPUS_DIR);
    ck_assert_ptr_nonnull(folder);
    int files = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char path[1024];
        struct document document = {.len = 0};
        if (entry->d_name[0] == '.') {
            continue;
        }
        (void)snprintf(path, sizeof(path), "%s/%s", CORPUS_DIR, entry->d_name);
        FILE *file = fopen(path, "rb");
        ck_assert_ptr_nonnull(file);
        document.len = fread(document.text, 1, sizeof(document.text), file);
        (void)fclose(file); /* only read from */
        (void)check_document(&document);
        files++;
    }
    (void)closedir(folder); /* only read from */
    ck_assert_int_gt(files, 10);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("against Jansson");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, generated_documents_are_read_as_jansson_reads_them, 0, 4);
    tcase_add_loop_test(cases, damaged_documents_get_jansson_s_verdict, 0, 4);
    tcase_add_test(cases, fuzzing_corpus_is_read_as_jansson_reads_it);
    return suite_run("rpc/scan against Jansson", cases);
}
