/*
 * What may be known of a module without running it: identity and note, as data and as text.
 */
#include "module/describe.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "module/abi.h"
#include "module/note.h"
#include "module/trust.h"

static void identify(const struct stat *st, struct module_identity *out)
{
    out->device   = (uint64_t)st->st_dev;
    out->inode    = (uint64_t)st->st_ino;
    out->size     = (uint64_t)st->st_size;
    out->mtime_ns = (int64_t)st->st_mtim.tv_sec * CLOCK_NS_PER_S + st->st_mtim.tv_nsec;
}

int describe_open(const char *path, struct module_description *out, struct hawser_error *err)
{
    struct stat st;
    struct note_found found;
    *out   = (struct module_description){.identity = {.device = 0}};
    int fd = trust_open(path, &st, err);
    if (fd < 0) {
        goto fail;
    }
    struct note_source source = {.fd = fd, .size = (uint64_t)st.st_size};
    if (note_read(&source, &found, err) != 0) {
        goto fail;
    }
    out->note = found.note;
    identify(&st, &out->identity);
    out->identity.build_id_len = found.build_id_len;
    memcpy(out->identity.build_id, found.build_id, found.build_id_len);
    return fd;
fail:
    error_prefix(err, "%s", path);
    if (fd >= 0) {
        (void)close(fd); /* read only */
    }
    return -1;
}

int module_describe(const char *path, struct module_description *out, struct hawser_error *err)
{
    int fd = describe_open(path, out, err);
    if (fd < 0) {
        return -1;
    }
    (void)close(fd); /* read only */
    return 0;
}

int module_identity_equal(const struct module_identity *a, const struct module_identity *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->mtime_ns == b->mtime_ns && a->build_id_len == b->build_id_len &&
           memcmp(a->build_id, b->build_id, sizeof(a->build_id)) == 0;
}

int module_was_replaced(const struct module *module)
{
    struct stat st;
    struct module_identity now = module->about.identity;
    if (lstat(module->path, &st) != 0) {
        return 0; /* gone is not another one; loading it again says so */
    }
    identify(&st, &now);
    return !module_identity_equal(&now, &module->about.identity);
}

static int print_build_id(const struct module_identity *identity, struct buf *out)
{
    if (identity->build_id_len == 0) {
        return buf_append_text(out, "none");
    }
    for (uint32_t i = 0; i < identity->build_id_len; i++) {
        if (buf_printf(out, "%02x", (unsigned)identity->build_id[i]) != 0) {
            return -1;
        }
    }
    return 0;
}

int module_describe_print(const struct module_description *about, struct buf *out)
{
    const struct hawser_module_note *note = &about->note;
    struct hawser_error err               = HAWSER_ERROR_INIT;
    int usable                            = module_abi_check(note, &err) == 0;
    if (buf_printf(out, "name      %s\nversion   %s\nkind      %s\nabi       %u.%u\n",
                   note->name[0] == '\0' ? "?" : note->name,
                   note->version[0] == '\0' ? "?" : note->version, abi_kind_name(note->kind),
                   (unsigned)note->abi_major, (unsigned)note->abi_minor) != 0 ||
        buf_printf(out, "size      %" PRIu64 " bytes\nbuild id  ", about->identity.size) != 0 ||
        print_build_id(&about->identity, out) != 0 ||
        buf_printf(out, "\nhost abi  %u.%u\nusable    %s%s\n", (unsigned)HAWSER_ABI_MAJOR,
                   (unsigned)HAWSER_ABI_MINOR, usable ? "yes" : "no: ", err.message) != 0) {
        return -1;
    }
    return 0;
}
