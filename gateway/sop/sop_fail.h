/* gateway/sop/sop_fail.h - how a subcommand ends when it does not end well. */
#ifndef GATEWAY_SOP_SOP_FAIL_H
#define GATEWAY_SOP_SOP_FAIL_H

#include "gateway/base/status.h"

/* The draft's exit codes, all of them. */
enum sop_exit {
	SOP_OK = 0,
	SOP_FAILED = 1, /* unspecified */
	SOP_NO_SIGNATURE = 3,
	SOP_UNSUPPORTED_ASYMMETRIC_ALGO = 13,
	SOP_CERT_CANNOT_ENCRYPT = 17,
	SOP_MISSING_ARG = 19,
	SOP_INCOMPLETE_VERIFICATION = 23,
	SOP_CANNOT_DECRYPT = 29,
	SOP_PASSWORD_NOT_HUMAN_READABLE = 31,
	SOP_UNSUPPORTED_OPTION = 37,
	SOP_BAD_DATA = 41,
	SOP_EXPECTED_TEXT = 53,
	SOP_OUTPUT_EXISTS = 59,
	SOP_MISSING_INPUT = 61,
	SOP_KEY_IS_PROTECTED = 67,
	SOP_UNSUPPORTED_SUBCOMMAND = 69,
	SOP_UNSUPPORTED_SPECIAL_PREFIX = 71,
	SOP_AMBIGUOUS_INPUT = 73,
	SOP_KEY_CANNOT_SIGN = 79,
	SOP_INCOMPATIBLE_OPTIONS = 83,
	SOP_UNSUPPORTED_PROFILE = 89,
	SOP_NO_HARDWARE_KEY_FOUND = 97,
	SOP_HARDWARE_KEY_FAILURE = 101,
	SOP_PRIMARY_KEY_BAD = 103,
	SOP_CERT_USERID_NO_MATCH = 107,
	SOP_KEY_CANNOT_CERTIFY = 109
};

/* What stands in front of each message: "waybill sop", "encrypt". */
void sop_fail_names(const char *program, const char *command);

/* One line on stderr, control characters in it made visible; returns code. */
int sop_fail(enum sop_exit code, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The same for what does not end the work. */
void sop_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* What the engine's reasons mean to one kind of step; ends with
 * REASON_NONE. */
struct sop_meaning {
	enum gw_reason reason;
	enum sop_exit code;
};

/* Tell why, and give its code; a reason that is not in the table is
 * `otherwise`.  What is temporary or our own fault is SOP_FAILED. */
int sop_fail_why(enum gw_status, const struct why *, const struct sop_meaning *,
    enum sop_exit otherwise);

#endif
