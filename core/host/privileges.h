/*
 * Fewer rights: another user, no new privileges, an end with the master.
 */
#ifndef CORE_HOST_PRIVILEGES_H
#define CORE_HOST_PRIVILEGES_H

#include "hawser/error.h"

/**
 * No core dump, no debugger of other users', and none of our own, sees the memory of this process:
 * it holds credentials, now or later; nor does a dump that a debugger of root's makes, unless it is
 * told to look at memory that is none of a dump's. At the very start, in each process.
 * @error SYSTEM_CALL
 */
int privileges_hide_memory(struct hawser_error *err) HAWSER_MUST_CHECK;
/**
 * In the master, before it starts anything: give up the way to more privileges, and all
 * capabilities that it has no use for.
 * @param user  that children become; NULL: none
 * @error SYSTEM_CALL
 */
int privileges_keep_masters(const char *user, struct hawser_error *err) HAWSER_MUST_CHECK;
/**
 * In a child: become `user` (NULL: stay), give up every capability and the way to more, and die
 * with the process that started us.
 * @error SYSTEM_CALL: no such user, or not permitted
 */
int privileges_drop(const char *user, struct hawser_error *err) HAWSER_MUST_CHECK;
/**
 * Give a file that root made to the user that children become, so that they can open it again.
 * @param path  "stderr", or the file
 * @param user  NULL: nothing to do
 */
int privileges_give(const char *path, const char *user, struct hawser_error *err) HAWSER_MUST_CHECK;
/** Raise the soft limit of open files to the hard one. @return the limit now in force */
uint64_t privileges_raise_files(void);

#endif
