/*
 * Output jsonl: a line of JSON for each record, into a file or standard output. It may block, so
 * the host gives it a thread. Directives and what a line holds: README.md.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "hawser/module.h"
#include "hawser/output.h"
#include "line.h"

#define CHUNK_RECORDS 256u               /* most lines in one write */
#define CHUNK_BYTES   (1024u * 1024u)    /* a write ends behind the line that reaches it */
#define KEPT_BYTES    (4u * CHUNK_BYTES) /* memory that a giant message took is given back */

struct jsonl {
    const struct hawser_host *host;
    struct hawser_instance *self;
    struct file file;
    struct text text;
    size_t written; /* bytes of the first record's line that are in the file already: the disk was
                       full in its middle, and the host hands the record in again */
    int syncs;
};

static void set_errno_error(const struct jsonl *jsonl, struct hawser_error *err, uint32_t code,
                            const char *what)
{
    int why = errno;
    jsonl->host->error_set(err, code, 0, "%s %s: %s",
                           jsonl->file.path == NULL ? "stdout" : jsonl->file.path, what,
                           strerror(why));
    err->cause_kind = HAWSER_CAUSE_ERRNO;
    err->cause      = why;
}

/* @return 0, or -1: `word` is no mode such as 0640 */
static int parse_mode(const char *word, mode_t *out)
{
    size_t len = strlen(word);
    if (len < 3 || len > 4 || strspn(word, "01234567") != len || (len == 4 && word[0] != '0')) {
        return -1;
    }
    *out = (mode_t)strtol(word, NULL, 8);
    return 0;
}

/* The word as it stands: a path comes absolute otherwise. */
static int is_stdout(const struct hawser_host *host, struct hawser_instance *self)
{
    const char *const *words = NULL;
    return host->conf_words(self, "path", 0, &words) > 0 && strcmp(words[0], "stdout") == 0;
}

static int check_folder(const struct hawser_host *host, const char *path, struct hawser_error *err)
{
    struct stat st;
    const char *slash = strrchr(path, '/');
    char *folder      = strndup(path, slash == NULL || slash == path ? 1 : (size_t)(slash - path));
    if (folder == NULL) {
        host->error_set(err, HAWSER_SYSTEM_MEMORY, 0, "no memory for a path");
        return -1;
    }
    int rc = slash == NULL || (stat(folder, &st) == 0 && S_ISDIR(st.st_mode)) ? 0 : -1;
    if (rc == 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        rc = -1;
        host->error_set(err, HAWSER_CONF_DIRECTIVE, 0, "path %s is a folder: name a file in it",
                        path);
    } else if (rc != 0) {
        host->error_set(err, HAWSER_CONF_DIRECTIVE, 0, "path %s: there is no folder %s", path,
                        folder);
    }
    free(folder);
    return rc;
}

static int jsonl_check(const struct hawser_host *host, struct hawser_instance *self,
                       struct hawser_error *err)
{
    mode_t mode      = 0;
    const char *word = host->conf_string(self, "mode");
    const char *path = host->conf_string(self, "path");
    if (word == NULL || parse_mode(word, &mode) != 0) {
        host->error_set(err, HAWSER_CONF_DIRECTIVE, 0,
                        "mode is three octal digits with a 0 in front, such as 0640, not \"%s\"",
                        word == NULL ? "" : word);
        return -1;
    }
    if (path == NULL) {
        host->error_set(err, HAWSER_CONF_DIRECTIVE, 0, "path is missing: a file, or stdout");
        return -1;
    }
    return is_stdout(host, self) ? 0 : check_folder(host, path, err);
}

static void jsonl_destroy(void *output)
{
    struct jsonl *jsonl = output;
    if (jsonl == NULL) {
        return;
    }
    if (file_close(&jsonl->file) != 0) {
        jsonl->host->log(jsonl->self, HAWSER_LOG_ERROR,
                         HAWSER_MESSAGE("001") "the last lines may not be on the disk: close: %s",
                         strerror(errno));
    }
    text_fini(&jsonl->text);
    free(jsonl);
}

static int jsonl_create(const struct hawser_host *host, struct hawser_instance *self, void **out,
                        struct hawser_error *err)
{
    if (jsonl_check(host, self, err) != 0) {
        return -1;
    }
    struct jsonl *jsonl = calloc(1, sizeof(*jsonl));
    if (jsonl == NULL) {
        host->error_set(err, HAWSER_SYSTEM_MEMORY, 0, "no memory for an output");
        return -1;
    }
    jsonl->host      = host;
    jsonl->self      = self;
    jsonl->syncs     = host->conf_number(self, "sync") != 0;
    jsonl->file.fd   = -1;
    jsonl->file.path = is_stdout(host, self) ? NULL : host->conf_string(self, "path");
    (void)parse_mode(host->conf_string(self, "mode"), &jsonl->file.mode); /* jsonl_check did */
    int is_trial = HAWSER_HAS(host, is_trial) && host->is_trial(self);
    if ((is_trial ? file_try(&jsonl->file) : file_open(&jsonl->file)) != 0) {
        set_errno_error(jsonl, err, HAWSER_MODULE_INIT, "cannot be opened");
        jsonl_destroy(jsonl);
        return -1;
    }
    *out = jsonl;
    return 0;
}

/* As many lines as one write takes. @return how many records; 0: no memory for one */
static size_t build_lines(struct jsonl *jsonl, const struct hawser_record *records, size_t count,
                          size_t *ends)
{
    size_t n = 0;
    if (jsonl->text.capacity > KEPT_BYTES) {
        text_fini(&jsonl->text);
    }
    jsonl->text.len = 0;
    while (n < count && n < CHUNK_RECORDS && jsonl->text.len < CHUNK_BYTES &&
           line_add(&jsonl->text, jsonl->host, &records[n]) == 0) {
        ends[n++] = jsonl->text.len;
    }
    return n;
}

/* @return how many of the records are in the file; fewer than count: err is set */
static size_t write_chunk(struct jsonl *jsonl, const struct hawser_record *records, size_t count,
                          struct hawser_error *err)
{
    size_t ends[CHUNK_RECORDS];
    size_t done = 0;
    size_t n    = build_lines(jsonl, records, count, ends);
    if (n == 0) {
        jsonl->host->error_set(err, HAWSER_SYSTEM_MEMORY, 0, "no memory for a line");
        return 0;
    }
    int rc = file_append(&jsonl->file, jsonl->text.bytes + jsonl->written,
                         jsonl->text.len - jsonl->written, &done);
    if (rc != 0) {
        set_errno_error(jsonl, err, HAWSER_OUTPUT_WRITE, "cannot be written");
    }
    if (done > 0) {
        jsonl->host->count(jsonl->self, "bytes", done);
    }
    done += jsonl->written;
    size_t whole = 0;
    while (whole < n && ends[whole] <= done) {
        whole++;
    }
    jsonl->written = done - (whole == 0 ? 0 : ends[whole - 1]);
    return whole;
}

static size_t jsonl_write(void *output, const struct hawser_record *records, size_t count,
                          struct hawser_error *err)
{
    struct jsonl *jsonl = output;
    size_t done         = 0;
    while (done < count && err->code == 0) {
        done += write_chunk(jsonl, records + done, count - done, err);
    }
    return done;
}

static int jsonl_flush(void *output, struct hawser_error *err)
{
    struct jsonl *jsonl = output;
    if (jsonl->syncs && file_sync(&jsonl->file) != 0) {
        set_errno_error(jsonl, err, HAWSER_OUTPUT_WRITE, "cannot be brought to the disk");
        return -1;
    }
    return 0;
}

static int jsonl_reopen(void *output, struct hawser_error *err)
{
    struct jsonl *jsonl = output;
    if (jsonl->file.path == NULL) {
        return 0;
    }
    int old = jsonl->file.fd;
    int rc  = file_open(&jsonl->file);
    if (jsonl->file.fd != old) {
        jsonl->written = 0; /* a line begun in the old file is written whole in the new one */
    }
    if (rc != 0) {
        set_errno_error(jsonl, err, HAWSER_OUTPUT_WRITE, "cannot be opened anew");
    }
    return rc;
}

static const struct hawser_output jsonl_output = {
    .struct_size = sizeof(jsonl_output),
    .flags       = HAWSER_OUTPUT_BLOCKS,
    .create      = jsonl_create,
    .destroy     = jsonl_destroy,
    .check       = jsonl_check,
    .write       = jsonl_write,
    .flush       = jsonl_flush,
    .reopen      = jsonl_reopen,
};

static const struct hawser_directive jsonl_directives[] = {
    {.name     = "path",
     .help     = "file to append to, or stdout",
     .contexts = HAWSER_IN_BLOCK,
     .type     = HAWSER_VALUE_PATH,
     .flags    = HAWSER_DIRECTIVE_REQUIRED,
     .min_args = 1,
     .max_args = 1},
    {.name          = "mode",
     .default_value = "0640",
     .help          = "permissions of a file that is made",
     .contexts      = HAWSER_IN_BLOCK,
     .type          = HAWSER_VALUE_STRING,
     .min_args      = 1,
     .max_args      = 1},
    {.name          = "sync",
     .default_value = "off",
     .help          = "bring lines to the disk whenever the queue is empty",
     .contexts      = HAWSER_IN_BLOCK,
     .type          = HAWSER_VALUE_FLAG,
     .min_args      = 1,
     .max_args      = 1},
};

HAWSER_MODULE_NOTE(HAWSER_OUTPUT, "jsonl", "0.1.0");

extern const struct hawser_module hawser_module;
HAWSER_EXPORT const struct hawser_module hawser_module = {
    HAWSER_MODULE_HEAD,
    .kind            = HAWSER_OUTPUT,
    .name            = "jsonl",
    .version         = "0.1.0",
    .directives      = jsonl_directives,
    .directive_count = sizeof(jsonl_directives) / sizeof(jsonl_directives[0]),
    .vtable.output   = &jsonl_output,
};
