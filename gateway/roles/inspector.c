/*
 * gateway/roles/inspector.c - checks the content of one document, then ends.
 *
 * user		its own; may read the one descriptor; 10 s of CPU, 512 MiB
 * peers	spooler
 * messages	INSPECT -> INSPECTED, once
 * if taken	by a document: the attacker sees that one document and can call
 *		it fit; the signature was proven before
 */
#include "gateway/roles/roles.h"
#include "gateway/roles/worker.h"

#include "gateway/inspect/xml.h"

#include <sys/resource.h>

#define CPU_SECONDS 10
#define MEMORY_MAX  ((rlim_t)512 * 1024 * 1024)

static bool
work(void *ctx, struct msg *m, struct job *job)
{
	enum config_content content;
	uint64_t size;

	(void)ctx;
	job->id = msg_get_docid(m);
	content = (enum config_content)msg_get_u32(m);
	size = msg_get_u64(m);
	job->in = msg_take_fd(m);
	if (!msg_done(m))
		return false;
	if (content == CONTENT_XML)
		job->st = xml_check(job->in, size, &job->why);
	else if (content == CONTENT_ANY)
		job->st = GW_OK;
	return true;
}

static void
answer(void *ctx, struct job *job, struct msg *m)
{
	(void)ctx;
	msg_put_status(m, job->st);
	msg_put_why(m, &job->why);
}

static void
limit(int what, rlim_t value)
{
	struct rlimit l = { value, value };
	struct why why;

	if (setrlimit(what, &l) != 0) {
		why_errno(&why, REASON_INTERNAL, "limiting resources");
		opening_fail("inspector", &why);
	}
}

void
inspector_main(void)
{
	struct opening o;

	opening_begin(ROLE_INSPECTOR, &o);
	buf_free(&o.share);
	limit(RLIMIT_CPU, CPU_SECONDS);
#if !defined(__SANITIZE_ADDRESS__)
	/* The address sanitizer reserves terabytes that it never touches. */
	limit(RLIMIT_AS, MEMORY_MAX);
#endif
	xml_start();
	opening_seclude(&o);
	worker_loop(&(struct worker){ .takes = MSG_INSPECT,
			.gives = MSG_INSPECTED,
			.work = work,
			.answer = answer },
	    &o);
}
