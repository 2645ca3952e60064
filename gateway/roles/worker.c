/* gateway/roles/worker.c - the loop of sealer, unsealer and verifier. */
#include "gateway/roles/worker.h"

#include "gateway/base/fdio.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH_MAX 32
/* Beyond this, waiting documents are better off with another worker. */
#define BATCH_BYTES ((uint64_t)4 * 1024 * 1024)

static bool
has_message(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLIN);
}

/* The next document, waiting for it; ends the process with its spooler. */
static void
take(const struct worker *w, const struct opening *o, struct job *job,
    void *result)
{
	struct why why;
	struct msg m;
	enum gw_status st;

	memset(job, 0, sizeof(*job));
	memset(result, 0, w->result_size);
	job->in = job->out = -1;
	job->result = result;
	st = msg_expect(&o->spooler, w->takes, &m, &why);
	if (st == GW_NONE)
		_exit(0); /* the spooler needs us no more */
	if (st != GW_OK)
		opening_fail("worker", &why);
	job->ref = m.ref;
	job->st = GW_INTERNAL;
	if (!w->work(w->ctx, &m, job))
		opening_fail("worker", &job->why);
}

static void
sync_ahead(const struct worker *w, const struct job *job)
{
	if (w->sync_in)
		fd_sync_ahead(job->in);
	if (job->st == GW_OK && job->out >= 0)
		fd_sync_ahead(job->out);
}

static void
sync_one(const struct worker *w, struct job *job)
{
	struct why why;
	enum gw_status st;

	/* A refused message goes to quarantine and must survive as well. */
	if (w->sync_in && (st = fd_sync(job->in, &why)) != GW_OK) {
		job->st = st;
		job->why = why;
	}
	if (job->st == GW_OK && job->out >= 0)
		job->st = fd_sync(job->out, &job->why);
}

static void
answer(const struct worker *w, const struct opening *o, struct job *job)
{
	struct why why;
	struct msg m;

	/* No writer may be left when the spooler hears of it. */
	fd_close(&job->in);
	fd_close(&job->out);
	if (job->st == GW_OK)
		why_set(&job->why, REASON_NONE, "%s", "");
	msg_begin(&m, w->gives, job->ref);
	w->answer(w->ctx, job, &m);
	if (msg_send(&o->spooler, &m, &why) != GW_OK)
		_exit(0);
}

void
worker_loop(const struct worker *w, const struct opening *o)
{
	static struct job job[BATCH_MAX];
	char *results = calloc(BATCH_MAX, w->result_size + 1);

	if (results == NULL)
		_exit(1);
	for (;;) {
		uint64_t bytes = 0;
		size_t n = 0;

		do {
			take(w, o, &job[n], results + n * w->result_size);
			bytes += job[n++].bytes;
		} while (n < BATCH_MAX && bytes < BATCH_BYTES &&
			 has_message(o->spooler.fd));
		for (size_t i = 0; i < n; i++)
			sync_ahead(w, &job[i]);
		for (size_t i = 0; i < n; i++)
			sync_one(w, &job[i]);
		for (size_t i = 0; i < n; i++)
			answer(w, o, &job[i]);
	}
}
