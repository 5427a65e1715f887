/*
 * The scanner's oracle for machines that Jansson is not built for: verdicts alone, by the reader
 * from the RFC.
 */
#include "support/scan_oracle.h"

#include "rpc/scan.h"
#include "support/json_reference.h"
#include "ws/utf8.h"

const char *scan_oracle_difference(struct hawser_slice bytes, int *accepted)
{
    struct hawser_envelope envelope;
    int strict = rpc_scan_strict(bytes, &envelope) == 0;
    *accepted  = strict && ws_utf8_is_valid((const uint8_t *)bytes.data, bytes.len);
    if (strict != json_reference_accepts(bytes, 1)) {
        return "the strict scan";
    }
    return (rpc_scan(bytes, &envelope) == 0) == json_reference_accepts(bytes, 0) ? NULL
                                                                                 : "the scan";
}
