/*
 * The forms in which a value travels: for secret.c alone.
 */
#ifndef CORE_BASE_SECRET_FORMS_H
#define CORE_BASE_SECRET_FORMS_H

#include "base/buf.h"

/**
 * Append the forms of a value, each with a NUL behind it: itself, as in JSON, percent-encoded,
 * hexadecimal, and what base64 makes of it wherever it starts inside of what was encoded. Forms
 * that are like the value are left out.
 * @param out  cleansed by the caller
 * @return     0, or -1: no memory
 */
int secret_forms(struct hawser_slice value, struct buf *out) HAWSER_MUST_CHECK;

#endif
