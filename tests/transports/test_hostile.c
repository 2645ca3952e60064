/* A server that lies, cuts, floods or vanishes never gets a "sent" or
 * "fetched" out of us, and never more of our memory or time than allowed. */
#include "tests/transports/fake.h"

#include "gateway/base/clock.h"
#include "transports/sftp_fetch.h"
#include "transports/sftp_send.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define SIZE 100000

/* What the little server below does that it should not. */
enum lie {
	HONEST,
	GREET_OVERSIZED,
	GREET_EMPTY,
	GREET_VERSION_2,
	GREET_WRONG_TYPE,
	GREET_CUT,
	GREET_SILENCE,
	OVERSIZED,
	ZERO_LENGTH,
	UNKNOWN_ID,
	ANSWER_TWICE,
	WRONG_TYPE,
	OK_FOR_OPEN,
	HANDLE_TOO_LONG,
	HANDLE_TRAILING,
	STATUS_CUT,
	WRITE_FAILS,
	WRITE_FAILS_FULL,
	FSYNC_FAILS,
	CLOSE_FAILS,
	CLOSE_QUOTA,
	STAT_SHORT,
	STAT_EARLY,
	STAT_NO_SIZE,
	STAT_BAD_FLAGS,
	RENAME_FAILS,
	RENAME_UNSUPPORTED,
	RENAME_DONE_BUT_FAILS,
	RENAME_TARGET_THERE,
	FINAL_THERE,
	FINAL_THERE_SAME_SIZE,
	READ_SHORT,
	READ_TOO_MUCH,
	READ_EMPTY,
	READ_EARLY_EOF,
	GREW,
	HUGE,
	LIST_ENDLESS,
	LIST_CUT,
	LIST_EXTRAS,
	FREEZE
};

struct plan {
	enum lie lie;
	int die_after; /* packets answered; 0: never */
};

struct model {
	ssh_channel ch;
	const struct plan *plan;
	uint64_t temp; /* size */
	bool temp_there, final_there;
	int stats;
	int reads, lists;
	struct buf out;
};

static struct buf *
reply(struct model *m, enum sftp_type type, uint32_t id)
{
	buf_reset(&m->out);
	buf_put_u8(&m->out, (uint8_t)type);
	buf_put_u32(&m->out, id);
	return &m->out;
}

static void
status(struct model *m, uint32_t id, uint32_t code)
{
	struct buf *b = reply(m, SFTP_STATUS, id);

	buf_put_u32(b, code);
	sftp_packet_text(b, "said \x1b[31m the server");
	sftp_packet_text(b, "en");
	fake_put(m->ch, b);
}

static void
attrs(struct model *m, uint32_t id, uint64_t size)
{
	struct buf *b = reply(m, SFTP_ATTRS, id);

	if (m->plan->lie == STAT_NO_SIZE) {
		buf_put_u32(b, 0);
	} else {
		buf_put_u32(
		    b, SFTP_ATTR_SIZE |
			   (m->plan->lie == STAT_BAD_FLAGS ? 0x40u : 0u));
		buf_put_u64(b, size);
	}
	fake_put(m->ch, b);
}

static void
greet(struct model *m)
{
	struct buf in, *b;

	buf_init(&in, 1 << 20);
	fake_get(m->ch, &in);
	b = &m->out;
	switch (m->plan->lie) {
	case GREET_OVERSIZED:
		ssh_channel_write(m->ch, "\x7f\xff\xff\xff\x02", 5);
		break;
	case GREET_EMPTY:
		ssh_channel_write(m->ch, "\0\0\0\0", 4);
		break;
	case GREET_SILENCE:
		for (;;)
			pause();
	default:
		break;
	}
	buf_put_u8(
	    b, m->plan->lie == GREET_WRONG_TYPE ? SFTP_STATUS : SFTP_VERSION);
	buf_put_u32(b, m->plan->lie == GREET_VERSION_2 ? 2 : 3);
	sftp_packet_text(b, "fsync@openssh.com");
	sftp_packet_text(b, "1");
	sftp_packet_text(b, "statvfs@openssh.com");
	if (m->plan->lie != GREET_CUT)
		sftp_packet_text(b, "2");
	fake_put(m->ch, b);
	buf_free(&in);
}

static void
handle(struct model *m, uint32_t id)
{
	struct buf *b = reply(m, SFTP_HANDLE, id);
	static const uint8_t zeros[300];

	if (m->plan->lie == HANDLE_TOO_LONG) {
		buf_put_u32(b, 300);
		buf_put(b, zeros, 300);
	} else {
		sftp_packet_text(b, "h");
	}
	if (m->plan->lie == HANDLE_TRAILING)
		buf_put_u8(b, 1);
	fake_put(m->ch, b);
}

static void
statvfs(struct model *m, uint32_t id)
{
	struct buf *b = reply(m, SFTP_EXTENDED_REPLY, id);
	bool full = m->plan->lie == WRITE_FAILS_FULL;

	for (int i = 0; i < 11; i++)
		buf_put_u64(b, i == 1 ? 4096 : i == 4 && full ? 0 : 1000000);
	fake_put(m->ch, b);
}

static void
data(struct model *m, uint32_t id, uint64_t offset, uint32_t n)
{
	static const uint8_t zeros[300000];
	enum lie lie = m->plan->lie;
	struct buf *b;

	if (offset >= SIZE || (lie == READ_EARLY_EOF && offset > 40000)) {
		status(m, id, SFTP_EOF);
		return;
	}
	if (n > SIZE - offset)
		n = (uint32_t)(SIZE - offset);
	if (lie == READ_SHORT && n > 1)
		n = 1 + n / 3;
	if (lie == READ_TOO_MUCH)
		n++;
	if (lie == READ_EMPTY)
		n = 0;
	b = reply(m, SFTP_DATA, id);
	buf_put_u32(b, n);
	buf_put(b, zeros, n);
	fake_put(m->ch, b);
}

static void
names(struct model *m, uint32_t id)
{
	static const char *const list[] = { "good.xml", "..", ".", "a/b", "",
		"dir", "link", "ok.2" };
	struct buf *b;
	enum lie lie = m->plan->lie;
	int rounds = 1;

	if (m->lists++ > 0 && lie != LIST_ENDLESS) {
		status(m, id, SFTP_EOF);
		return;
	}
	b = reply(m, SFTP_NAME, id);
	if (lie == LIST_ENDLESS)
		rounds = 400;
	buf_put_u32(b, (uint32_t)rounds * 8 + (lie == LIST_CUT ? 1 : 0));
	for (int k = 0; k < rounds * 8; k++) {
		int i = k % 8;

		sftp_packet_text(b, list[i]);
		sftp_packet_text(b, "-rw-r--r-- 1 u g 5 Jan 1 x");
		buf_put_u32(b, SFTP_ATTR_SIZE | SFTP_ATTR_MODE |
				   (lie == LIST_EXTRAS ? SFTP_ATTR_EXTRA : 0u));
		buf_put_u64(b, 5);
		buf_put_u32(b, i == 5 ? 0040755 : i == 6 ? 0120777 : 0100644);
		if (lie == LIST_EXTRAS)
			buf_put_u32(b, 0x7fffffff);
	}
	fake_put(m->ch, b);
}

static void
stat_path(struct model *m, uint32_t id, const char *path)
{
	enum lie lie = m->plan->lie;
	bool final = strstr(path, "part") == NULL;

	m->stats++;
	if (final && (m->final_there || lie == FINAL_THERE ||
			 lie == FINAL_THERE_SAME_SIZE))
		attrs(m, id, lie == FINAL_THERE ? 5 : SIZE);
	else if (final || !m->temp_there)
		status(m, id, SFTP_NO_SUCH_FILE);
	else if (lie == STAT_SHORT || (lie == STAT_EARLY && m->stats < 4))
		attrs(m, id, SIZE - 1);
	else
		attrs(m, id, m->temp);
}

static void
rename_file(struct model *m, uint32_t id)
{
	switch (m->plan->lie) {
	case RENAME_FAILS:
		status(m, id, SFTP_FAILURE);
		return;
	case RENAME_UNSUPPORTED:
		status(m, id, SFTP_OP_UNSUPPORTED);
		return;
	case RENAME_TARGET_THERE:
		m->final_there = true;
		status(m, id, SFTP_FAILURE);
		return;
	default:
		break;
	}
	m->temp_there = false;
	m->final_there = true;
	status(m, id,
	    m->plan->lie == RENAME_DONE_BUT_FAILS ? SFTP_FAILURE : SFTP_OK);
}

/* Lies that do not depend on what was asked; they come with the open. */
static bool
general_lie(struct model *m, uint32_t id)
{
	switch (m->plan->lie) {
	case OVERSIZED:
		ssh_channel_write(m->ch, "\x00\x10\x00\x00\x65", 5);
		return true;
	case ZERO_LENGTH:
		ssh_channel_write(m->ch, "\0\0\0\0", 4);
		return true;
	case UNKNOWN_ID:
		status(m, id + 512, SFTP_FAILURE);
		return true;
	case ANSWER_TWICE:
		status(m, id, SFTP_FAILURE);
		status(m, id, SFTP_FAILURE);
		return true;
	case WRONG_TYPE:
		attrs(m, id, 5);
		return true;
	case OK_FOR_OPEN:
		status(m, id, SFTP_OK);
		return true;
	case STATUS_CUT:
		fake_put(m->ch, reply(m, SFTP_STATUS, id));
		return true;
	case FREEZE:
		for (;;)
			pause();
	default:
		return false;
	}
}

static void
serve_one(struct model *m, struct buf *in)
{
	enum lie lie = m->plan->lie;
	uint8_t type = buf_get_u8(in);
	uint32_t id = buf_get_u32(in);
	struct buf text;
	char path[256];
	uint64_t offset;

	(void)sftp_packet_string(in, sizeof(path) - 1, &text);
	memcpy(path, text.data, text.len);
	path[text.len] = '\0';
	switch (type) {
	case SFTP_OPEN:
	case SFTP_OPENDIR:
		if (general_lie(m, id))
			break;
		m->temp_there |= (buf_get_u32(in) & SFTP_WRITE_FLAG) != 0;
		handle(m, id);
		break;
	case SFTP_WRITE:
		offset = buf_get_u64(in);
		m->temp = offset + buf_get_u32(in);
		status(m, id,
		    lie == WRITE_FAILS || lie == WRITE_FAILS_FULL ? SFTP_FAILURE
								  : SFTP_OK);
		break;
	case SFTP_READ:
		offset = buf_get_u64(in);
		data(m, id, offset, buf_get_u32(in));
		break;
	case SFTP_FSTAT:
		m->reads++;
		attrs(m, id,
		    lie == HUGE                   ? UINT64_MAX
		    : lie == GREW && m->reads > 1 ? SIZE + 1
						  : SIZE);
		break;
	case SFTP_STAT:
	case SFTP_LSTAT:
		stat_path(m, id, path);
		break;
	case SFTP_CLOSE:
		status(m, id,
		    lie == CLOSE_FAILS   ? SFTP_FAILURE
		    : lie == CLOSE_QUOTA ? SFTP_QUOTA_EXCEEDED
					 : SFTP_OK);
		break;
	case SFTP_REMOVE:
		m->temp_there = false;
		status(m, id, SFTP_OK);
		break;
	case SFTP_RENAME:
		rename_file(m, id);
		break;
	case SFTP_READDIR:
		names(m, id);
		break;
	case SFTP_EXTENDED:
		if (strcmp(path, "statvfs@openssh.com") == 0)
			statvfs(m, id);
		else
			status(
			    m, id, lie == FSYNC_FAILS ? SFTP_FAILURE : SFTP_OK);
		break;
	default:
		status(m, id, SFTP_OP_UNSUPPORTED);
	}
}

static void
serve(ssh_channel ch, const void *arg)
{
	struct model m = { .ch = ch, .plan = arg };
	struct buf in;

	buf_init(&in, 1 << 20);
	buf_init(&m.out, 1 << 20);
	greet(&m);
	for (int n = 1;; n++) {
		fake_get(ch, &in);
		if (m.plan->die_after == n)
			_exit(0);
		serve_one(&m, &in);
	}
}

/* The client's side */

struct outcome {
	int calls, entries;
	enum gw_status st;
	struct why why;
	uint64_t size;
	char names[256];
};

static void
on_done(void *ctx, enum gw_status st, const struct why *why)
{
	struct outcome *o = ctx;

	o->calls++;
	o->st = st;
	o->why = *why;
}

static void
on_fetched(void *ctx, enum gw_status st, uint64_t size, const struct why *why)
{
	((struct outcome *)ctx)->size = size;
	on_done(ctx, st, why);
}

static bool
on_entry(void *ctx, const char *name, uint64_t size, uint32_t mtime)
{
	struct outcome *o = ctx;
	size_t n = strlen(o->names);

	(void)size;
	(void)mtime;
	o->entries++;
	if (n < 100)
		snprintf(o->names + n, sizeof(o->names) - n, "%s;", name);
	return true;
}

static int
temp_file(uint64_t size)
{
	char path[] = "/tmp/waybill-hostile-XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	unlink(path);
	ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
	return fd;
}

enum job { SEND, RETRY, FETCH, LIST };

/* Returns how the connection ended; `o` is how the job did. */
static enum gw_status
talk(struct sftp_client *c, enum job job, struct outcome *o, struct why *why)
{
	struct sftp_send_job send = { .fd = -1,
		.size = SIZE,
		.folder = "in",
		.temp_name = ".x.part",
		.final_name = "doc",
		.retry = job == RETRY,
		.done = on_done,
		.ctx = o };
	struct sftp_fetch_job fetch = { .fd = -1,
		.max_size = 1 << 20,
		.folder = "",
		.name = "doc",
		.done = on_fetched,
		.ctx = o };
	struct sftp_list_job list = {
		.folder = "", .entry = on_entry, .done = on_done, .ctx = o
	};
	enum gw_status st = GW_OK;

	if (job == SEND || job == RETRY) {
		send.fd = temp_file(SIZE);
		ck_assert_int_eq(sftp_send_start(c, &send, why), GW_OK);
	} else if (job == FETCH) {
		fetch.fd = temp_file(0);
		ck_assert_int_eq(sftp_fetch_start(c, &fetch, why), GW_OK);
	} else {
		ck_assert_int_eq(sftp_list_start(c, &list, why), GW_OK);
	}
	while (st == GW_OK && sftp_client_busy(c) > 0) {
		struct pollfd p = { sftp_client_fd(c), POLLIN, 0 };

		if (sftp_client_wants_write(c))
			p.events |= POLLOUT;
		(void)poll(&p, 1, sftp_client_timeout(c));
		st = sftp_client_step(c, why);
	}
	return st;
}

static struct outcome
play(struct plan plan, enum job job, enum gw_status *connection)
{
	struct outcome o = { .st = GW_INTERNAL };
	struct ssh_link *link = NULL;
	struct sftp_client *c = NULL;
	struct fake f;
	struct why why;

	fake_start(&f, serve, &plan);
	ck_assert_msg(fake_link(&f, &link, &why) == GW_OK, "%s", why.text);
	*connection = sftp_client_open(link, &c, &why);
	if (*connection == GW_OK) {
		sftp_client_set_patience(c, plan.lie == FREEZE ? 300 : 5000);
		*connection = talk(c, job, &o, &why);
		sftp_client_close(c);
		ck_assert_int_eq(o.calls, 1);
	} else {
		o.why = why;
	}
	ssh_link_close(link);
	fake_stop(&f);
	return o;
}

struct expectation {
	enum lie lie;
	enum job job;
	enum gw_status st; /* of the job */
	enum gw_reason reason;
	enum gw_status connection;
};

static const struct expectation table[] = {
	{ HONEST, SEND, GW_OK, REASON_NONE, GW_OK },
	{ HONEST, RETRY, GW_OK, REASON_NONE, GW_OK },
	{ HONEST, FETCH, GW_OK, REASON_NONE, GW_OK },
	{ HONEST, LIST, GW_OK, REASON_NONE, GW_OK },
	/* the connection cannot be trusted any more */
	{ OVERSIZED, SEND, GW_AGAIN, REASON_PROTOCOL, GW_AGAIN },
	{ ZERO_LENGTH, SEND, GW_AGAIN, REASON_PROTOCOL, GW_AGAIN },
	{ UNKNOWN_ID, SEND, GW_AGAIN, REASON_PROTOCOL, GW_AGAIN },
	{ UNKNOWN_ID, FETCH, GW_AGAIN, REASON_PROTOCOL, GW_AGAIN },
	{ ANSWER_TWICE, SEND, GW_AGAIN, REASON_PROTOCOL, GW_AGAIN },
	{ WRONG_TYPE, SEND, GW_AGAIN, REASON_PROTOCOL, GW_AGAIN },
	{ WRONG_TYPE, LIST, GW_AGAIN, REASON_PROTOCOL, GW_AGAIN },
	{ OK_FOR_OPEN, SEND, GW_AGAIN, REASON_PROTOCOL, GW_AGAIN },
	{ HANDLE_TOO_LONG, SEND, GW_AGAIN, REASON_PROTOCOL, GW_AGAIN },
	{ HANDLE_TRAILING, SEND, GW_AGAIN, REASON_PROTOCOL, GW_AGAIN },
	{ STATUS_CUT, SEND, GW_AGAIN, REASON_PROTOCOL, GW_AGAIN },
	{ STAT_BAD_FLAGS, SEND, GW_AGAIN, REASON_PROTOCOL, GW_AGAIN },
	{ READ_TOO_MUCH, FETCH, GW_AGAIN, REASON_PROTOCOL, GW_AGAIN },
	{ READ_EMPTY, FETCH, GW_AGAIN, REASON_PROTOCOL, GW_AGAIN },
	{ LIST_CUT, LIST, GW_AGAIN, REASON_PROTOCOL, GW_AGAIN },
	{ LIST_EXTRAS, LIST, GW_AGAIN, REASON_PROTOCOL, GW_AGAIN },
	/* one document fails, the connection goes on */
	{ WRITE_FAILS, SEND, GW_AGAIN, REASON_REMOTE_FAILED, GW_OK },
	{ WRITE_FAILS_FULL, SEND, GW_AGAIN, REASON_REMOTE_FULL, GW_OK },
	{ FSYNC_FAILS, SEND, GW_AGAIN, REASON_REMOTE_FAILED, GW_OK },
	{ CLOSE_FAILS, SEND, GW_AGAIN, REASON_REMOTE_FAILED, GW_OK },
	{ CLOSE_QUOTA, SEND, GW_AGAIN, REASON_REMOTE_FULL, GW_OK },
	{ STAT_SHORT, SEND, GW_AGAIN, REASON_REMOTE_SIZE, GW_OK },
	{ STAT_EARLY, SEND, GW_OK, REASON_NONE, GW_OK },
	{ STAT_NO_SIZE, SEND, GW_AGAIN, REASON_REMOTE_SIZE, GW_OK },
	{ RENAME_FAILS, SEND, GW_AGAIN, REASON_REMOTE_FAILED, GW_OK },
	{ RENAME_UNSUPPORTED, SEND, GW_AGAIN, REASON_REMOTE_DENIED, GW_OK },
	{ RENAME_DONE_BUT_FAILS, SEND, GW_OK, REASON_NONE, GW_OK },
	{ RENAME_TARGET_THERE, SEND, GW_REFUSED, REASON_REMOTE_EXISTS, GW_OK },
	{ FINAL_THERE, RETRY, GW_REFUSED, REASON_REMOTE_EXISTS, GW_OK },
	{ FINAL_THERE_SAME_SIZE, RETRY, GW_OK, REASON_NONE, GW_OK },
	{ READ_SHORT, FETCH, GW_OK, REASON_NONE, GW_OK },
	{ READ_EARLY_EOF, FETCH, GW_AGAIN, REASON_STILL_WRITTEN, GW_OK },
	{ GREW, FETCH, GW_AGAIN, REASON_STILL_WRITTEN, GW_OK },
	{ HUGE, FETCH, GW_REFUSED, REASON_TOO_LARGE, GW_OK },
	{ STAT_NO_SIZE, FETCH, GW_AGAIN, REASON_REMOTE_FAILED, GW_OK },
	{ LIST_ENDLESS, LIST, GW_AGAIN, REASON_REMOTE_FAILED, GW_OK },
	/* time */
	{ FREEZE, SEND, GW_AGAIN, REASON_CONNECTION_LOST, GW_AGAIN },
	{ FREEZE, FETCH, GW_AGAIN, REASON_CONNECTION_LOST, GW_AGAIN },
};

START_TEST(each_lie_has_its_answer)
{
	const struct expectation *e = &table[_i];
	struct plan plan = { .lie = e->lie };
	enum gw_status connection;
	struct outcome o = play(plan, e->job, &connection);

	ck_assert_msg(o.st == e->st, "lie %d job %d: %s, %s", e->lie, e->job,
	    gw_status_name(o.st), o.why.text);
	ck_assert_msg(o.st == GW_OK || o.why.reason == e->reason,
	    "lie %d job %d: reason %s, %s", e->lie, e->job,
	    reason_code(o.why.reason), o.why.text);
	ck_assert_int_eq(connection, e->connection);
	/* what the server says is not passed on raw */
	ck_assert_ptr_null(strchr(o.why.text, '\x1b'));
	if (e->job == FETCH && e->st == GW_OK)
		ck_assert_uint_eq(o.size, SIZE);
	if (e->job == LIST && e->st == GW_OK)
		ck_assert_str_eq(o.names, "good.xml;ok.2;");
}
END_TEST

START_TEST(bad_greetings_are_refused)
{
	static const enum lie lies[] = { GREET_OVERSIZED, GREET_EMPTY,
		GREET_VERSION_2, GREET_WRONG_TYPE, GREET_CUT };
	struct plan plan = { .lie = lies[_i] };
	enum gw_status connection;
	struct outcome o = play(plan, SEND, &connection);

	ck_assert_int_eq(connection, GW_AGAIN);
	ck_assert_int_eq(o.why.reason, REASON_PROTOCOL);
	ck_assert_int_eq(o.calls, 0);
}
END_TEST

START_TEST(cut_after_each_packet_is_never_success)
{
	/* honest send: stat, stat, open, four writes, fsync, close, stat,
	 * rename; the last cut is before the rename is answered */
	struct plan plan = { .lie = HONEST, .die_after = _i };
	enum gw_status connection;
	struct outcome o = play(plan, SEND, &connection);

	ck_assert_int_eq(connection, GW_AGAIN);
	ck_assert_int_eq(o.st, GW_AGAIN);
	ck_assert_int_eq(o.why.reason, REASON_CONNECTION_LOST);
	o = play(plan, FETCH, &connection);
	if (_i <= 8) {
		ck_assert_int_eq(o.st, GW_AGAIN);
		ck_assert_int_eq(o.why.reason, REASON_CONNECTION_LOST);
	}
}
END_TEST

START_TEST(flood_costs_no_memory)
{
	struct plan plan = { .lie = LIST_ENDLESS };
	enum gw_status connection;
	struct rusage before, after;
	struct outcome o;

	getrusage(RUSAGE_SELF, &before);
	o = play(plan, LIST, &connection);
	getrusage(RUSAGE_SELF, &after);
	ck_assert_int_eq(o.st, GW_AGAIN);
#ifndef __SANITIZE_ADDRESS__ /* which keeps what was freed */
	ck_assert_int_lt(after.ru_maxrss - before.ru_maxrss, 16 * 1024);
#endif
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hostile");
	TCase *t = tcase_create("server");
	SRunner *r;
	struct why why;
	int failed;

	if (ssh_start(&why) != GW_OK) {
		fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, each_lie_has_its_answer, 0,
	    (int)(sizeof(table) / sizeof(table[0])));
	tcase_add_loop_test(t, bad_greetings_are_refused, 0, 5);
	tcase_add_loop_test(t, cut_after_each_packet_is_never_success, 1, 12);
	tcase_add_test(t, flood_costs_no_memory);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
