/*
 * A record as one line of JSON: the format of the jsonl output, of streams on the control socket,
 * and, through host.h, of every output that wants it. Pure.
 */
#ifndef CORE_OUTPUT_LINE_H
#define CORE_OUTPUT_LINE_H

#include "hawser/output.h"

/** @return bytes that the record's line takes at most. Hot. */
size_t output_line_room(const struct hawser_record *record);
/**
 * Write the line with its newline. Hot.
 * @param out  output_line_room bytes
 * @return     how many of them it took
 */
size_t output_line_write(const struct hawser_record *record, char *out);

#endif
