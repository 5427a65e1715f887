/*
 * A child's own settings. See child_settings.h.
 */
#include "host/child_settings.h"

#include "base/error.h"
#include "base/log.h"
#include "host/privileges.h"
#include "host/syscall_filter.h"

int child_settings_take(const json_t *about, int is_first)
{
    const char *user        = json_string_value(json_object_get(about, "user"));
    const char *path        = json_string_value(json_object_get(about, "log_path"));
    int filters             = json_is_true(json_object_get(about, "seccomp"));
    int level               = (int)json_integer_value(json_object_get(about, "log_level"));
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (log_open(path, level, &err) != 0) {
        log_write(LOG_ERROR, "HW-HOST-002", "%s; the log goes on where it was", err.message);
    }
    log_use_style(json_is_true(json_object_get(about, "log_json")));
    if (is_first &&
        (privileges_drop(user, &err) != 0 || (filters && syscall_filter_load(&err) != 0))) {
        log_write(LOG_EMERG, "HW-HOST-003", "%s", err.message);
        return -1;
    }
    return 0;
}
