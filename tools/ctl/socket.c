/*
 * Finding the control socket. See socket.h.
 */
#include "socket.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "host/options.h"
#include "host/settings.h"

static char *find_by_config(const struct command *command, struct hawser_error *err)
{
    char *words[6]           = {(char *)(uintptr_t) "hawserctl"};
    int count                = 1;
    struct options options   = {0};
    struct settings settings = {0};
    struct conf_problems problems;
    struct conf_tree *tree = NULL;
    char *path             = NULL;
    if (command->config != NULL) {
        words[count++] = (char *)(uintptr_t) "-c";
        words[count++] = (char *)(uintptr_t)command->config;
    }
    if (command->prefix != NULL) {
        words[count++] = (char *)(uintptr_t) "-p";
        words[count++] = (char *)(uintptr_t)command->prefix;
    }
    optind = 1;
    conf_problems_init(&problems);
    if (options_parse(&options, count, words, err) != 0) {
        goto out;
    }
    tree = conf_parse_file(options.config, options.prefix, NULL, &problems);
    if (tree == NULL || access(options.config, R_OK) != 0) {
        error_set(err, HAWSER_CONF_FILE,
                  "cannot read the configuration \"%s\"%s; name the host's (-c, -p) or its control "
                  "socket "
                  "(-s)",
                  options.config, errno == EACCES ? " (permission denied)" : "");
    } else if (settings_read(&settings, tree, options.prefix, NULL, err) == 0) {
        path = settings.control_path == NULL ? NULL : strdup(settings.control_path);
        if (path == NULL) {
            error_set(err, HAWSER_CONF_DIRECTIVE, "the configuration has `control off`");
        }
    }
out:
    settings_fini(&settings);
    conf_tree_destroy(tree);
    conf_problems_fini(&problems);
    options_fini(&options);
    return path;
}

char *ctl_socket_find(const struct command *command, struct hawser_error *err)
{
    if (command->socket == NULL) {
        return find_by_config(command, err);
    }
    char *path = strdup(command->socket);
    if (path == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory");
    }
    return path;
}
