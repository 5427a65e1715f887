/*
 * The first half of every start, test and reload: file -> tree, secrets, sealed copy.
 */
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "host/file_limit.h"
#include "host/master.h"
#include "host/sealed.h"

int config_load_read(struct config_load *load, const struct options *options)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    *load                   = (struct config_load){.config = -1};
    conf_problems_init(&load->problems);
    load->tree =
        conf_parse_file(options->config, options->prefix, options->directives, &load->problems);
    if (load->tree == NULL) {
        conf_problem(&load->problems, NULL, "no memory to read the configuration");
        return -1;
    }
    if (conf_tree_hide(load->tree) != 0) {
        conf_problem(&load->problems, NULL, "no memory to mask the configuration's secrets");
    }
    conf_problems_mask(&load->problems); /* the parser's may quote what is known to be secret now */
    secrets_read(&load->secrets, load->tree, options->prefix, &load->problems);
    if (load->problems.count == 0) {
        file_limit_check(load->tree, file_limit_hard(), &load->problems);
    }
    load->config = sealed_create(load->tree, &err);
    if (load->config < 0) {
        conf_problem(&load->problems, NULL, "%s", err.message);
    }
    return load->problems.count == 0 ? 0 : -1;
}

void config_load_fini(struct config_load *load)
{
    conf_tree_destroy(load->tree);
    secrets_fini(&load->secrets);
    if (load->config >= 0) {
        (void)close(load->config); /* memory alone */
    }
    conf_problems_fini(&load->problems);
    *load = (struct config_load){.config = -1};
}
