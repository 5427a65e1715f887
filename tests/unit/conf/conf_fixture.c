/*
 * See conf_fixture.h.
 */
#include "unit/conf/conf_fixture.h"

#include <check.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/slice.h"

static char folder[] = "/tmp/hawser-conf-XXXXXX";

void folder_setup(void)
{
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

void folder_teardown(void)
{
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

void folder_write_bytes(const char *path, const void *bytes, size_t len)
{
    char way[256];
    for (const char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        (void)snprintf(way, sizeof(way), "%.*s", (int)(slash - path), path);
        (void)mkdir(way, 0700); /* it may be there already */
    }
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
    ck_assert_int_eq(fclose(file), 0);
}

void folder_write(const char *path, const char *text)
{
    folder_write_bytes(path, text, strlen(text));
}

struct parsed parse_path(const char *path, const char *prefix, const char *extra)
{
    struct parsed parsed = {.tree = NULL};
    conf_problems_init(&parsed.problems);
    parsed.tree = conf_parse_file(path, prefix, extra, &parsed.problems);
    parsed.text = buf_text(&parsed.problems.text);
    ck_assert_ptr_nonnull(parsed.tree);
    ck_assert_ptr_nonnull(parsed.text);
    return parsed;
}

struct parsed parse_config(const char *text)
{
    folder_write("main.conf", text);
    return parse_path("main.conf", NULL, NULL);
}

void parsed_free(struct parsed *parsed)
{
    conf_tree_destroy(parsed->tree);
    conf_problems_fini(&parsed->problems);
}

const char *words_of(const struct conf_node *node)
{
    static char text[1024];
    size_t at = 0;
    text[0]   = 0;
    for (size_t i = 0; i < node->word_count && at < sizeof(text); i++) {
        int len = snprintf(text + at, sizeof(text) - at, "%s%s", i == 0 ? "" : "|", node->words[i]);
        at += (size_t)len;
    }
    if (node->is_block && at < sizeof(text)) {
        (void)snprintf(text + at, sizeof(text) - at, " {");
    }
    return text;
}

void expect_problems(const char *text, const char *problems)
{
    struct parsed parsed = parse_config(text);
    size_t lines         = 0;
    for (const char *p = parsed.text; *p != 0; p++) {
        lines += *p == '\n';
    }
    ck_assert_str_eq(parsed.text, problems);
    ck_assert_uint_eq(parsed.problems.count, lines);
    parsed_free(&parsed);
}

void expect_words(const char *text, const char *words)
{
    struct parsed parsed = parse_config(text);
    ck_assert_str_eq(parsed.text, "");
    ck_assert_ptr_nonnull(conf_tree_root(parsed.tree)->first_child);
    ck_assert_str_eq(words_of(conf_tree_root(parsed.tree)->first_child), words);
    parsed_free(&parsed);
}
