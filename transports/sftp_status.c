/* transports/sftp_status.c - what a server's refusal means to us. */
#include "transports/sftp_priv.h"

#include "gateway/base/log.h"

struct meaning {
	uint32_t code;
	enum gw_status st;
	enum gw_reason reason;
	const char *text;
};

/*
 * Nearly all of it can be healed by somebody on the server - make the folder,
 * give the right, free the disk - and must then go on by itself: GW_AGAIN.
 * A name that the server cannot take will never fit: GW_REFUSED.
 */
static const struct meaning meanings[] = {
	{ SFTP_NO_SUCH_FILE, GW_AGAIN, REASON_REMOTE_FOLDER,
	    "no such file or folder" },
	{ SFTP_PERMISSION_DENIED, GW_AGAIN, REASON_REMOTE_DENIED,
	    "permission denied" },
	/* OpenSSH says so for a name that is too long or has a character
	 * that the file system does not know. */
	{ SFTP_BAD_MESSAGE, GW_REFUSED, REASON_REMOTE_FAILED,
	    "name not accepted" },
	{ SFTP_NO_CONNECTION, GW_AGAIN, REASON_CONNECTION_LOST,
	    "the server has no connection" },
	{ SFTP_CONNECTION_LOST, GW_AGAIN, REASON_CONNECTION_LOST,
	    "the server lost its connection" },
	{ SFTP_OP_UNSUPPORTED, GW_AGAIN, REASON_REMOTE_DENIED,
	    "not supported by the server" },
	{ SFTP_NO_SPACE, GW_AGAIN, REASON_REMOTE_FULL, "no space left" },
	{ SFTP_QUOTA_EXCEEDED, GW_AGAIN, REASON_REMOTE_FULL, "quota exceeded" },
};

enum gw_status
sftp_status(const struct sftp_answer *a, const char *doing, const char *path,
    struct why *why)
{
	static const struct meaning failure = { SFTP_FAILURE, GW_AGAIN,
		REASON_REMOTE_FAILED, "failure" };
	const struct meaning *m = &failure;
	bool said = a->said[0] != '\0';
	char quoted[200];

	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (meanings[i].code == a->code)
			m = &meanings[i];
	why_set(why, m->reason, "%s %s: %s (SFTP status %u%s%s)", doing,
	    log_quote(path, quoted, sizeof(quoted)), m->text, (unsigned)a->code,
	    said ? ", " : "", a->said);
	return m->st;
}
