/* base/status.h - how a step ended, and why, in the words of the product. */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include <stdbool.h>

/*
 * What a function that can fail returns.  The difference that everything
 * hangs on is temporary or permanent: GW_AGAIN may heal by itself, GW_REFUSED
 * never does, GW_INTERNAL is our own or the host's fault and is treated as
 * temporary by whoever owns the document.
 */
enum gw_status {
	GW_OK = 0,
	GW_AGAIN,   /* temporary: the same call may succeed later */
	GW_REFUSED, /* permanent: the input or the other side's answer */
	GW_NONE,    /* the thing asked for is not there */
	GW_EXISTS,  /* something else is already in that place */
	GW_INTERNAL /* a broken promise of ours, or the host failed */
};

/*
 * Why something was refused or failed.  The code is stable and for machines
 * (reason files, --json, tests); the text is one sentence for people.
 * X(symbol, "code", "what it means and what to do")
 */
#define GW_REASONS(X)                                                          \
	X(NONE, "none", "no reason recorded")                                  \
	/* envelope */                                                         \
	X(DAMAGED, "damaged",                                                  \
	    "the message is damaged, cut or altered; ask for it again")        \
	X(MALFORMED, "malformed",                                              \
	    "this is not an OpenPGP message; ask the partner what was sent")   \
	X(UNSIGNED, "unsigned",                                                \
	    "the message carries no signature; the partner must sign it")      \
	X(NOT_ENCRYPTED, "not-encrypted",                                      \
	    "the message is not encrypted; the partner must encrypt to us")    \
	X(NOT_FOR_US, "not-for-us",                                            \
	    "encrypted to other keys than ours; send the partner our "         \
	    "certificate")                                                     \
	X(SIGNER_UNKNOWN, "signer-unknown",                                    \
	    "signed by a key that no partner has; check the certificates")     \
	X(SIGNER_OTHER, "signer-other-partner",                                \
	    "signed by another partner than the one who delivered it")         \
	X(SIGNER_EXPIRED, "signer-expired",                                    \
	    "the signer's key has expired; get the partner's new certificate") \
	X(SIGNER_REVOKED, "signer-revoked",                                    \
	    "the signer's key is revoked; get the partner's new certificate")  \
	X(SIGNER_UNFIT, "signer-unfit",                                        \
	    "the key that signed may not sign documents")                      \
	X(SIGNATURE_BAD, "signature-bad",                                      \
	    "the signature does not match the document; do not use it")        \
	X(SIGNATURE_TIME, "signature-time",                                    \
	    "the signature is from the future or has expired")                 \
	X(WEAK, "weak-algorithm",                                              \
	    "an algorithm or key size that is not accepted any more")          \
	X(UNSUPPORTED, "unsupported",                                          \
	    "a format, version or algorithm that Waybill does not read")       \
	X(WRONG_RECIPIENT, "wrong-recipient",                                  \
	    "signed for another recipient than us")                            \
	X(RECIPIENT_UNFIT, "recipient-unfit",                                  \
	    "the partner's certificate cannot be encrypted to; get a new one") \
	X(KEY_UNUSABLE, "key-unusable",                                        \
	    "our own key is missing, expired or cannot do this")               \
	/* spool */                                                            \
	X(NOT_REGULAR, "not-a-regular-file",                                   \
	    "only regular files are taken from a drop folder")                 \
	X(HARD_LINKED, "hard-linked",                                          \
	    "the file has more than one link; drop a copy instead")            \
	X(BAD_NAME, "bad-name",                                                \
	    "the file name is not allowed; see waybill.conf(5), NAMES")        \
	X(BAD_OWNER, "bad-owner",                                              \
	    "the file belongs to a user who may not drop files here")          \
	X(TOO_LARGE, "too-large",                                              \
	    "the document is larger than the flow's max-size")                 \
	X(STILL_WRITTEN, "still-written",                                      \
	    "somebody still has the file open for writing")                    \
	X(VANISHED, "vanished", "the file was removed before it was taken")    \
	X(NO_SPACE, "no-space", "the disk is full; make room, it continues")   \
	X(IO_ERROR, "io-error", "the disk or file system reported an error")   \
	X(NO_FLOW, "no-flow", "no flow of this partner takes this document")   \
	X(WORKER_DIED, "worker-died",                                          \
	    "a worker ended on this document three times")                     \
	X(DUPLICATE_ID, "duplicate-id",                                        \
	    "the same document id came with other content")                    \
	X(CONTENT, "content",                                                  \
	    "the content is not what the flow says it must be")                \
	/* transport */                                                        \
	X(UNREACHABLE, "unreachable",                                          \
	    "the partner's server cannot be reached; it is tried again")       \
	X(HOST_KEY, "host-key-changed",                                        \
	    "the server shows another host key than the pinned one; ask the "  \
	    "partner by telephone before changing host-keys")                  \
	X(LOGIN, "login-refused",                                              \
	    "the partner's server refuses our login; check user and identity") \
	X(REMOTE_FOLDER, "remote-folder",                                      \
	    "the folder on the partner's server is missing or closed to us")   \
	X(REMOTE_FULL, "remote-full",                                          \
	    "the partner's server has no space left; it is tried again")       \
	X(REMOTE_DENIED, "remote-denied",                                      \
	    "the partner's server does not permit this operation")             \
	X(REMOTE_EXISTS, "remote-exists",                                      \
	    "a file of that name and other size is on the partner's server")   \
	X(REMOTE_SIZE, "remote-size",                                          \
	    "the file on the partner's server has not the size we sent")       \
	X(REMOTE_FAILED, "remote-failed",                                      \
	    "the partner's server reported a failure")                         \
	X(CONNECTION_LOST, "connection-lost",                                  \
	    "the connection ended in mid-transfer; it is tried again")         \
	X(PROTOCOL, "protocol",                                                \
	    "the other side broke the SSH or SFTP protocol")                   \
	X(EXHAUSTED, "tries-exhausted",                                        \
	    "the document could not be sent within its lifetime")              \
	/* house */                                                            \
	X(CONFIG, "configuration", "the configuration is wrong")               \
	X(BY_HAND, "by-hand", "an administrator decided so")                   \
	X(INTERNAL, "internal", "a fault inside Waybill; please report it")

enum gw_reason {
#define X(sym, code, text) REASON_##sym,
	GW_REASONS(X)
#undef X
	    REASON_COUNT
};

#define WHY_TEXT_MAX 480

/* A reason travels in this, filled by whoever knows the facts. */
struct why {
	enum gw_reason reason;
	char text[WHY_TEXT_MAX];
};

/* Set both, whatever was there before. */
void why_set(struct why *, enum gw_reason, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* As why_set(), and adds ": " and the text of the current errno. */
void why_errno(struct why *, enum gw_reason, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Put a phrase in front of the text ("reading acme.asc: ..."). */
void why_prefix(struct why *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* "damaged", "unsigned" ...; never NULL. */
const char *reason_code(enum gw_reason);
/* The general advice for this reason, one clause; never NULL. */
const char *reason_advice(enum gw_reason);
/* The reason of that code; false and REASON_NONE when there is none. */
bool reason_parse(const char *code, enum gw_reason *out);

const char *gw_status_name(enum gw_status);
/* The status that an errno of a file operation means: ENOSPC, EDQUOT, EMFILE,
 * ENOMEM, EINTR, EAGAIN are GW_AGAIN, ENOENT is GW_NONE, EEXIST is GW_EXISTS,
 * the rest GW_INTERNAL. */
enum gw_status gw_status_errno(int err);

/* Our own broken promise: says where, and ends the process by abort(). */
_Noreturn void gw_fatal(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

#endif
