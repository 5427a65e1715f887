/*
 * A script of faults: lines `at TIME COMMAND` and `every TIME COMMAND`, timed from the start.
 */
#ifndef SIM_SCRIPT_H
#define SIM_SCRIPT_H

#include "sim/sim.h"

#define SIM_SCRIPT_MAX 1000u /* lines */

struct sim_script_line {
    int64_t after_ms;
    int is_repeated;
    const char *command; /* into the parsed line */
};

/** Read one line. @param line NUL-terminated. @return 1 a command, 0 blank or comment, -1 with err
 * set
 */
int sim_script_parse(const char *line, struct sim_script_line *out, struct hawser_error *err);

struct sim_script;

/** Read a file, and start its timers. @return given; NULL with err set (file:line first) */
struct sim_script *sim_script_create(struct sim *sim, const char *path, struct hawser_error *err);
void sim_script_destroy(struct sim_script *script);

#endif
