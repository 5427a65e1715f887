/*
 * The system calls that a process which runs foreign code may make. What it has no use for, but an
 * intruder has (another program, another process's memory), ends it with a report; what is merely
 * unknown fails as on a kernel that lacks it, which libraries are made for. Needs libseccomp:
 * syscall_filter_none.c stands in where the build had none.
 */
#ifndef CORE_HOST_SYSCALL_FILTER_H
#define CORE_HOST_SYSCALL_FILTER_H

#include "hawser/error.h"

/**
 * From now on, in all threads of this process and for good. After privileges_drop.
 * @error SYSTEM_CALL: the kernel has no such filters, or hawser was built without libseccomp
 */
int syscall_filter_load(struct hawser_error *err) HAWSER_MUST_CHECK;
/** A call that the filter ends a process for. Async-signal-safe. @param number of si_syscall
 * @return its name, static; NULL: none of them */
const char *syscall_filter_name(int number);

#endif
