/*
 * Bounds of a config. They guard memory against a file that is no config at all; no config that
 * people or programs write comes near them.
 */
#ifndef CORE_CONF_LIMITS_H
#define CORE_CONF_LIMITS_H

#define CONF_FILE_BYTES_MAX    (16u << 20) /* one file */
#define CONF_TOTAL_BYTES_MAX   (64u << 20) /* one config with all it includes */
#define CONF_FILES_MAX         4096u
#define CONF_STATEMENTS_MAX    1000000u
#define CONF_WORD_BYTES_MAX    65536u /* as written, between the quotes */
#define CONF_DEPTH_MAX         32u    /* blocks in blocks */
#define CONF_INCLUDE_DEPTH_MAX 10u
#define CONF_PROBLEM_BYTES_MAX (1u << 20) /* text of all problems; the count goes on */
#define CONF_NAME_BYTES_MAX    64u        /* name of a session or an output */

#endif
