/* Documents reach a real sshd and come back bit for bit; whatever fails there
 * fails with its reason, touches no other document, and is never "sent". */
#include "tests/transports/sshd.h"

#include "transports/sftp_fetch.h"
#include "transports/sftp_send.h"

#include <check.h>
#include <sys/resource.h>

static struct sshd d;
static struct ssh_link *link_;
static struct sftp_client *client;
static struct why why;

static void
connect_client(void)
{
	struct ssh_facts facts;

	NEED(sshd_link(&d, &link_, &facts, &why) == GW_OK);
	NEED(sftp_client_open(link_, &client, &why) == GW_OK);
}

static void
disconnect_client(void)
{
	sftp_client_close(client);
	ssh_link_close(link_);
	client = NULL;
	link_ = NULL;
}

static void
setup(void)
{
	sshd_start(&d, "", "");
	connect_client();
}

/* Start anew with other options of internal-sftp, or of sshd. */
static void
restart(const char *config, const char *sftp_options)
{
	disconnect_client();
	sshd_halt(&d);
	sshd_run(&d, config, sftp_options);
	connect_client();
}

static void
teardown(void)
{
	disconnect_client();
	sshd_stop(&d);
}

struct outcome {
	int calls;
	enum gw_status st;
	struct why why;
	uint64_t size;
	int entries;
	char names[1024];
};

static void
on_done(void *ctx, enum gw_status st, const struct why *w)
{
	struct outcome *o = ctx;

	o->calls++;
	o->st = st;
	o->why = *w;
}

static void
on_fetched(void *ctx, enum gw_status st, uint64_t size, const struct why *w)
{
	((struct outcome *)ctx)->size = size;
	on_done(ctx, st, w);
}

/* A file of that many bytes that do not repeat soon; descriptor. */
static int
content(uint64_t size)
{
	char path[400];
	FILE *f;
	uint32_t x = (uint32_t)size + 1;
	int fd;

	snprintf(path, sizeof(path), "%s/content", d.dir);
	f = fopen(path, "w");
	for (uint64_t i = 0; i < size; i++) {
		x = x * 1664525u + 1013904223u;
		fputc((int)(x >> 24), f);
	}
	fclose(f);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	NEED(fd >= 0);
	return fd;
}

static struct outcome
send_as(const char *folder, const char *temp, const char *name, uint64_t size,
    bool retry)
{
	struct outcome o = { .st = GW_INTERNAL };
	struct sftp_send_job job = { .fd = content(size),
		.size = size,
		.folder = folder,
		.temp_name = temp,
		.final_name = name,
		.retry = retry,
		.done = on_done,
		.ctx = &o };

	ck_assert_int_eq(sftp_send_start(client, &job, &why), GW_OK);
	ck_assert_msg(run_until_idle(client, &why) == GW_OK, "%s", why.text);
	ck_assert_int_eq(o.calls, 1);
	return o;
}

static struct outcome
send_name(const char *name, uint64_t size)
{
	return send_as(d.files, ".id.part", name, size, false);
}

static struct outcome
fetch_as(const char *folder, const char *name, uint64_t max, const char *to)
{
	struct outcome o = { .st = GW_INTERNAL };
	struct sftp_fetch_job job = { .max_size = max,
		.folder = folder,
		.name = name,
		.done = on_fetched,
		.ctx = &o };

	job.fd = open(to, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert_int_eq(sftp_fetch_start(client, &job, &why), GW_OK);
	ck_assert_msg(run_until_idle(client, &why) == GW_OK, "%s", why.text);
	ck_assert_int_eq(o.calls, 1);
	return o;
}

static struct outcome
clear_as_listed(
    const char *name, const char *move_to, uint64_t size, uint32_t mtime)
{
	struct outcome o = { .st = GW_INTERNAL };
	struct sftp_clear_job job = { .folder = d.files,
		.name = name,
		.move_to = move_to,
		.size = size,
		.mtime = mtime,
		.done = on_done,
		.ctx = &o };

	ck_assert_int_eq(sftp_clear_start(client, &job, &why), GW_OK);
	ck_assert_int_eq(run_until_idle(client, &why), GW_OK);
	ck_assert_int_eq(o.calls, 1);
	return o;
}

static struct outcome
clear(const char *name, const char *move_to)
{
	return clear_as_listed(name, move_to, 0, 0);
}

static bool
there(const char *name)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s", d.files, name);
	return access(path, F_OK) == 0;
}

static const char *const names[] = { "invoice.xml.pgp",
	"with spaces and 'quotes' \"too\" $HOME;x",
	"\xc3\x9c"
	"berweisung.pgp",
	"\xe5\x8f\x91\xe7\xa5\xa8.pgp",
	/* 200 bytes */
	"0123456789012345678901234567890123456789012345678901234567890123456789"
	"0123456789012345678901234567890123456789012345678901234567890123456789"
	"012345678901234567890123456789012345678901234567890123456789" };

START_TEST(there_and_back_bit_for_bit)
{
	static const uint64_t sizes[] = { 0, 1, 4096, 32768, 131073,
		10 * 1024 * 1024 };
	char back[400];
	struct outcome o;

	snprintf(back, sizeof(back), "%s/back", d.dir);
	for (int i = 0; i < 6; i++) {
		const char *name = names[(i + _i) % 5];

		o = send_name(name, sizes[i]);
		ck_assert_msg(o.st == GW_OK, "%s", o.why.text);
		ck_assert(there(name));
		ck_assert(!there(".id.part"));
		o = fetch_as(d.files, name, 0, back);
		ck_assert_msg(o.st == GW_OK, "%s", o.why.text);
		ck_assert_uint_eq(o.size, sizes[i]);
		sh("cmp %s %s/content", back, d.dir);
		o = clear(name, NULL);
		ck_assert_msg(o.st == GW_OK, "%s", o.why.text);
		ck_assert(!there(name));
	}
}
END_TEST

/* Many at once */

static void
send_many(unsigned count, uint64_t size, struct outcome *all)
{
	char temp[32], name[32];

	for (unsigned i = 0; i < count; i++) {
		struct sftp_send_job job = { .size = size,
			.folder = d.files,
			.temp_name = temp,
			.final_name = name,
			.done = on_done,
			.ctx = &all[i] };

		snprintf(temp, sizeof(temp), ".%u.part", i);
		snprintf(name, sizeof(name), "doc%u", i);
		job.fd = content(size);
		ck_assert_int_eq(sftp_send_start(client, &job, &why), GW_OK);
	}
	ck_assert_uint_ge(sftp_client_busy(client), count);
}

START_TEST(many_overlap)
{
	static struct outcome all[100];

	send_many(100, 5000, all);
	ck_assert_msg(run_until_idle(client, &why) == GW_OK, "%s", why.text);
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(all[i].calls, 1);
		ck_assert_msg(all[i].st == GW_OK, "%s", all[i].why.text);
	}
	sh("test $(ls %s | wc -l) = 100 && for f in %s/*; do cmp $f "
	   "%s/content || exit 1; done",
	    d.files, d.files, d.dir);
}
END_TEST

START_TEST(too_many_is_said_at_once)
{
	static struct outcome all[SFTP_CLIENT_JOBS];
	struct sftp_send_job job = { .fd = 0,
		.folder = "",
		.temp_name = "t",
		.final_name = "f",
		.done = on_done };

	send_many(SFTP_CLIENT_JOBS, 10, all);
	ck_assert_int_eq(sftp_send_start(client, &job, &why), GW_AGAIN);
	ck_assert_int_eq(run_until_idle(client, &why), GW_OK);
	ck_assert_int_eq(all[SFTP_CLIENT_JOBS - 1].st, GW_OK);
}
END_TEST

START_TEST(one_failure_leaves_the_others_alone)
{
	static struct outcome good[10];
	struct outcome bad = { .st = GW_INTERNAL };
	struct sftp_send_job job = { .fd = content(100000),
		.size = 100000,
		.folder = "/no/such/folder",
		.temp_name = "t",
		.final_name = "f",
		.done = on_done,
		.ctx = &bad };

	ck_assert_int_eq(sftp_send_start(client, &job, &why), GW_OK);
	send_many(10, 100000, good);
	ck_assert_int_eq(run_until_idle(client, &why), GW_OK);
	ck_assert_int_eq(bad.st, GW_AGAIN);
	ck_assert_int_eq(bad.why.reason, REASON_REMOTE_FOLDER);
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(good[i].st, GW_OK);
}
END_TEST

START_TEST(few_handles_are_enough)
{
	static struct outcome all[60];
	struct rlimit few, usual;

	/* sshd's children inherit it, and tell us by limits@openssh.com */
	getrlimit(RLIMIT_NOFILE, &usual);
	few = usual;
	few.rlim_cur = 24;
	disconnect_client();
	sshd_halt(&d);
	NEED(setrlimit(RLIMIT_NOFILE, &few) == 0);
	sshd_run(&d, "", "");
	NEED(setrlimit(RLIMIT_NOFILE, &usual) == 0);
	connect_client();
	send_many(60, 20000, all);
	ck_assert_int_eq(run_until_idle(client, &why), GW_OK);
	for (int i = 0; i < 60; i++)
		ck_assert_msg(all[i].st == GW_OK, "%s", all[i].why.text);
}
END_TEST

/* Refusals */

START_TEST(missing_folder)
{
	struct outcome o = send_as("/no/such", "t", "f", 10, false);

	ck_assert_int_eq(o.st, GW_AGAIN);
	ck_assert_int_eq(o.why.reason, REASON_REMOTE_FOLDER);
	o = send_as("/no/such", "t", "f", 10, true);
	ck_assert_int_eq(o.st, GW_AGAIN);
	ck_assert_int_eq(o.why.reason, REASON_REMOTE_FOLDER);
}
END_TEST

START_TEST(read_only_server)
{
	struct outcome o;

	restart("", "-R");
	o = send_name("doc", 10);
	ck_assert_int_eq(o.st, GW_AGAIN);
	ck_assert_int_eq(o.why.reason, REASON_REMOTE_DENIED);
	ck_assert(!there(".id.part"));
}
END_TEST

START_TEST(forbidden_steps)
{
	static const char *const forbidden[] = { "-P rename", "-P write",
		"-P close", "-P stat" };
	struct outcome o;

	restart("", forbidden[_i]);
	o = send_name("doc", 10);
	ck_assert_msg(o.st == GW_AGAIN, "%s", forbidden[_i]);
	ck_assert_msg(o.why.reason == REASON_REMOTE_DENIED, "%s: %s",
	    forbidden[_i], o.why.text);
	ck_assert(!there("doc"));
	ck_assert(!there(".id.part"));
}
END_TEST

START_TEST(server_without_extensions)
{
	restart("", "-P fsync,statvfs,limits");
	ck_assert_int_eq(send_name("doc", 300000).st, GW_OK);
	sh("cmp %s/doc %s/content", d.files, d.dir);
}
END_TEST

START_TEST(disk_full_there)
{
	struct outcome o;

	/* the temp name leads to a device that is always full */
	sh("ln -s /dev/full %s/.id.part", d.files);
	o = send_name("doc", 100000);
	ck_assert_int_eq(o.st, GW_AGAIN);
	ck_assert_msg(o.why.reason == REASON_REMOTE_FAILED ||
			  o.why.reason == REASON_REMOTE_FULL,
	    "%s", o.why.text);
	ck_assert(!there("doc"));
	ck_assert(access("/dev/full", F_OK) == 0);
}
END_TEST

START_TEST(name_that_cannot_be)
{
	char name[300];
	struct outcome o;

	memset(name, 'n', sizeof(name));
	name[299] = '\0';
	o = send_name(name, 10);
	ck_assert_int_eq(o.st, GW_REFUSED);
	ck_assert(!there(".id.part"));
}
END_TEST

/* The same name again */

START_TEST(existing_target_is_never_replaced)
{
	struct outcome o;

	for (int retry = 0; retry < 2; retry++) {
		sh("echo precious > %s/doc", d.files);
		o = send_as(d.files, ".id.part", "doc", 100, retry != 0);
		ck_assert_int_eq(o.st, GW_REFUSED);
		ck_assert_int_eq(o.why.reason, REASON_REMOTE_EXISTS);
		sh("grep -q precious %s/doc", d.files);
		ck_assert(!there(".id.part"));
	}
}
END_TEST

START_TEST(lost_answer_is_explained_by_a_retry)
{
	struct outcome o;

	ck_assert_int_eq(send_name("doc", 5000).st, GW_OK);
	o = send_as(d.files, ".id.part", "doc", 5000, true);
	ck_assert_int_eq(o.st, GW_OK);
	/* our temp name beside it: that file is somebody else's */
	sh("touch %s/.id.part", d.files);
	o = send_as(d.files, ".id.part", "doc", 5000, true);
	ck_assert_int_eq(o.st, GW_REFUSED);
	ck_assert_int_eq(o.why.reason, REASON_REMOTE_EXISTS);
}
END_TEST

START_TEST(rest_of_an_aborted_try_is_overwritten)
{
	sh("head -c 200000 /dev/zero > %s/.id.part", d.files);
	ck_assert_int_eq(send_name("doc", 5000).st, GW_OK);
	sh("cmp %s/doc %s/content", d.files, d.dir);
}
END_TEST

START_TEST(a_name_is_one_step)
{
	static const char *const bad[] = { "", ".", "..", "../x", "a/b",
		"/etc/passwd" };

	for (int i = 0; i < 6; i++) {
		struct sftp_send_job job = { .folder = d.files,
			.temp_name = ".t",
			.final_name = bad[i] };
		struct sftp_fetch_job get = { .folder = d.files,
			.name = bad[i] };
		struct sftp_clear_job gone = { .folder = d.files,
			.name = bad[i] };

		ck_assert_int_eq(
		    sftp_send_start(client, &job, &why), GW_REFUSED);
		ck_assert_int_eq(
		    sftp_fetch_start(client, &get, &why), GW_REFUSED);
		ck_assert_int_eq(
		    sftp_clear_start(client, &gone, &why), GW_REFUSED);
		ck_assert_int_eq(why.reason, REASON_BAD_NAME);
	}
	ck_assert_uint_eq(sftp_client_busy(client), 0);
}
END_TEST

START_TEST(our_file_shrank)
{
	struct outcome o = { .st = GW_OK };
	struct sftp_send_job job = { .fd = content(1000),
		.size = 2000,
		.folder = d.files,
		.temp_name = "t",
		.final_name = "f",
		.done = on_done,
		.ctx = &o };

	ck_assert_int_eq(sftp_send_start(client, &job, &why), GW_OK);
	ck_assert_int_eq(run_until_idle(client, &why), GW_OK);
	ck_assert_int_eq(o.st, GW_INTERNAL);
	ck_assert(!there("f") && !there("t"));
}
END_TEST

/* Connections that go wrong */

START_TEST(keys_are_exchanged_again_in_between)
{
	char back[400];

	restart("RekeyLimit 1M", "");
	snprintf(back, sizeof(back), "%s/back", d.dir);
	ck_assert_int_eq(send_name("doc", 12 << 20).st, GW_OK);
	ck_assert_int_eq(fetch_as(d.files, "doc", 0, back).st, GW_OK);
	sh("cmp %s %s/content && cmp %s/doc %s/content", back, d.dir, d.files,
	    d.dir);
}
END_TEST

static enum gw_status
until_it_ends(void)
{
	enum gw_status st = run_until_idle(client, &why);

	disconnect_client();
	return st;
}

/* A fixed number of steps into a large transfer. */
static void
get_going(struct outcome *o)
{
	struct sftp_send_job job = { .fd = content(32 << 20),
		.size = 32 << 20,
		.folder = d.files,
		.temp_name = ".id.part",
		.final_name = "doc",
		.done = on_done,
		.ctx = o };

	ck_assert_int_eq(sftp_send_start(client, &job, &why), GW_OK);
	while (!there(".id.part")) {
		struct pollfd p = { sftp_client_fd(client), POLLIN, 0 };

		(void)poll(&p, 1, sftp_client_timeout(client));
		ck_assert_int_eq(sftp_client_step(client, &why), GW_OK);
	}
	ck_assert_int_eq(o->calls, 0);
}

START_TEST(server_killed_in_the_middle)
{
	struct outcome o = { .st = GW_OK };

	get_going(&o);
	signal_tree(d.pid, SIGKILL);
	ck_assert_int_eq(until_it_ends(), GW_AGAIN);
	ck_assert_int_eq(o.calls, 1);
	ck_assert_int_eq(o.st, GW_AGAIN);
	ck_assert_int_eq(o.why.reason, REASON_CONNECTION_LOST);
	ck_assert(!there("doc"));
}
END_TEST

START_TEST(server_frozen_in_the_middle)
{
	struct outcome o = { .st = GW_OK };
	int64_t from;

	get_going(&o);
	signal_tree(d.pid, SIGSTOP);
	sftp_client_set_patience(client, 400);
	from = clock_mono_ms();
	ck_assert_int_eq(until_it_ends(), GW_AGAIN);
	signal_tree(d.pid, SIGCONT);
	ck_assert_int_eq(o.st, GW_AGAIN);
	ck_assert_int_eq(o.why.reason, REASON_CONNECTION_LOST);
	ck_assert_int_ge(clock_mono_ms() - from, 390);
	ck_assert_int_lt(clock_mono_ms() - from, 5000);
}
END_TEST

/* Between us and the server, in a process of its own: passes everything on,
 * but for one bit of the nth byte in one direction. */
static pid_t
relay_start(int near, int far, bool upward, uint64_t nth)
{
	pid_t pid = fork();
	struct pollfd p[2] = { { near, POLLIN, 0 }, { far, POLLIN, 0 } };
	uint8_t data[65536];
	uint64_t seen = 0;

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (poll(p, 2, -1) > 0) {
		for (int i = 0; i < 2; i++) {
			ssize_t n;

			if (p[i].revents == 0)
				continue;
			if ((n = read(p[i].fd, data, sizeof(data))) <= 0)
				_exit(0);
			if ((i == 0) == upward) {
				if (nth >= seen && nth < seen + (uint64_t)n)
					data[nth - seen] ^= 0x20;
				seen += (uint64_t)n;
			}
			if (fd_write_all(p[1 - i].fd, data, (size_t)n, &why) !=
			    GW_OK)
				_exit(0);
		}
	}
	_exit(0);
}

/* Connect by way of a relay. */
static enum gw_status
connect_through(bool upward, uint64_t nth, pid_t *pid)
{
	const char *pin = d.host_key;
	struct ssh_facts facts;
	struct ssh_target t = { .host = "relay",
		.port = d.port,
		.user = d.user,
		.host_keys = &pin,
		.host_key_count = 1,
		.identity = d.identity,
		.timeout_ms = 3000 };
	enum gw_status st;
	int s[2], far;

	NEED(ssh_dial("127.0.0.1", d.port, 5000, &far, &why) == GW_OK);
	NEED(fcntl(far, F_SETFL, 0) == 0);
	NEED(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s) == 0);
	*pid = relay_start(s[1], far, upward, nth);
	close(far);
	close(s[1]);
	t.fd = s[0];
	if ((st = ssh_link_open(&t, &link_, &facts, &why)) != GW_OK)
		return st;
	return sftp_client_open(link_, &client, &why);
}

START_TEST(flipped_bit_on_the_line_is_never_success)
{
	/* in the greeting, in the key exchange, and in mid-transfer */
	static const uint64_t where[] = { 3, 700, 1500, 5000, 100000, 700000 };
	struct outcome o = { .st = GW_INTERNAL };
	struct sftp_send_job job = { .fd = content(1 << 20),
		.size = 1 << 20,
		.folder = d.files,
		.temp_name = ".id.part",
		.final_name = "doc",
		.done = on_done,
		.ctx = &o };
	pid_t pid;

	disconnect_client();
	if (connect_through(true, where[_i], &pid) == GW_OK) {
		/* a flipped length may leave the server waiting for more */
		sftp_client_set_patience(client, 700);
		ck_assert_int_eq(sftp_send_start(client, &job, &why), GW_OK);
		ck_assert_int_eq(run_until_idle(client, &why), GW_AGAIN);
		ck_assert_int_eq(o.st, GW_AGAIN);
	}
	ck_assert(!there("doc"));
	disconnect_client();
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	/* and downward, where we have to notice */
	if (connect_through(false, where[_i], &pid) == GW_OK) {
		char back[400];
		struct outcome f = { .st = GW_INTERNAL };
		struct sftp_fetch_job get = { .folder = d.dir,
			.name = "content",
			.done = on_fetched,
			.ctx = &f };

		snprintf(back, sizeof(back), "%s/back", d.dir);
		get.fd = open(back, O_RDWR | O_CREAT | O_TRUNC, 0600);
		sftp_client_set_patience(client, 700);
		ck_assert_int_eq(sftp_fetch_start(client, &get, &why), GW_OK);
		ck_assert_int_eq(run_until_idle(client, &why), GW_AGAIN);
		ck_assert_int_eq(f.st, GW_AGAIN);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
END_TEST

START_TEST(idle_connection_is_asked_and_found_dead)
{
	enum gw_status st = GW_OK;

	signal_tree(d.pid, SIGSTOP);
	sftp_client_set_patience(client, 400);
	while (st == GW_OK) {
		struct pollfd p = { sftp_client_fd(client), POLLIN, 0 };

		(void)poll(&p, 1, sftp_client_timeout(client));
		st = sftp_client_step(client, &why);
	}
	signal_tree(d.pid, SIGCONT);
	ck_assert_int_eq(st, GW_AGAIN);
	ck_assert_int_eq(why.reason, REASON_CONNECTION_LOST);
}
END_TEST

START_TEST(idle_connection_is_asked_and_lives)
{
	int64_t end = clock_mono_ms() + 700;

	sftp_client_set_patience(client, 300);
	while (clock_mono_ms() < end) {
		struct pollfd p = { sftp_client_fd(client), POLLIN, 0 };
		int timeout = sftp_client_timeout(client);

		ck_assert_int_ge(timeout, 0);
		(void)poll(&p, 1, timeout);
		ck_assert_int_eq(sftp_client_step(client, &why), GW_OK);
	}
	sftp_client_set_patience(client, 20000);
	ck_assert_int_eq(send_name("doc", 10).st, GW_OK);
}
END_TEST

START_TEST(closing_tells_who_waits)
{
	struct outcome o = { .st = GW_OK };

	get_going(&o);
	disconnect_client();
	ck_assert_int_eq(o.calls, 1);
	ck_assert_int_eq(o.st, GW_AGAIN);
	ck_assert_int_eq(o.why.reason, REASON_CONNECTION_LOST);
}
END_TEST

/* Collecting */

static bool
on_entry(void *ctx, const char *name, uint64_t size, uint32_t mtime)
{
	struct outcome *o = ctx;
	size_t n = strlen(o->names);

	ck_assert_uint_eq(size, 5);
	ck_assert_uint_gt(mtime, 1000000000);
	o->entries++;
	if (n + strlen(name) + 2 < sizeof(o->names))
		snprintf(o->names + n, sizeof(o->names) - n, "<%s>", name);
	return o->size == 0 || (uint64_t)o->entries < o->size;
}

/* Lists at most `most` entries; 0: all. */
static struct outcome
list(const char *folder, uint64_t most)
{
	struct outcome o = { .st = GW_INTERNAL, .size = most };
	struct sftp_list_job job = {
		.folder = folder, .entry = on_entry, .done = on_done, .ctx = &o
	};

	ck_assert_int_eq(sftp_list_start(client, &job, &why), GW_OK);
	ck_assert_int_eq(run_until_idle(client, &why), GW_OK);
	ck_assert_int_eq(o.calls, 1);
	return o;
}

START_TEST(list_shows_regular_files_only)
{
	struct outcome o = list(d.files, 0);

	ck_assert_int_eq(o.st, GW_OK);
	ck_assert_int_eq(o.entries, 0);
	sh("cd %s && printf 12345 > one && printf 12345 > '\xc3\xbc two' && "
	   "mkdir dir && ln -s one link && mkfifo fifo",
	    d.files);
	o = list(d.files, 0);
	ck_assert_int_eq(o.st, GW_OK);
	ck_assert_int_eq(o.entries, 2);
	ck_assert_ptr_nonnull(strstr(o.names, "<one>"));
	ck_assert_ptr_nonnull(strstr(o.names, "<\xc3\xbc two>"));
}
END_TEST

START_TEST(list_of_many_and_stop)
{
	struct outcome o;

	sh("cd %s && for i in $(seq 600); do printf 12345 > "
	   "file-with-a-longer-name-$i; done",
	    d.files);
	o = list(d.files, 0);
	ck_assert_int_eq(o.entries, 600);
	o = list(d.files, 10);
	ck_assert_int_eq(o.st, GW_OK);
	ck_assert_int_eq(o.entries, 10);
	ck_assert_int_eq(list("/no/such", 0).why.reason, REASON_REMOTE_FOLDER);
	ck_assert_int_eq(list("/no/such", 0).st, GW_AGAIN);
}
END_TEST

START_TEST(fetch_refusals)
{
	char back[400];
	struct outcome o;

	snprintf(back, sizeof(back), "%s/back", d.dir);
	sh("head -c 1000 /dev/zero > %s/doc", d.files);
	ck_assert_int_eq(fetch_as(d.files, "doc", 1000, back).st, GW_OK);
	o = fetch_as(d.files, "doc", 999, back);
	ck_assert_int_eq(o.st, GW_REFUSED);
	ck_assert_int_eq(o.why.reason, REASON_TOO_LARGE);
	o = fetch_as(d.files, "gone", 999, back);
	ck_assert_int_eq(o.st, GW_NONE);
	ck_assert_int_eq(o.why.reason, REASON_VANISHED);
	restart("", "-P read");
	o = fetch_as(d.files, "doc", 0, back);
	ck_assert_int_eq(o.st, GW_AGAIN);
	ck_assert_int_eq(o.why.reason, REASON_REMOTE_DENIED);
}
END_TEST

START_TEST(disk_full_here)
{
	struct outcome o;

	sh("head -c 100000 /dev/zero > %s/doc", d.files);
	o = fetch_as(d.files, "doc", 0, "/dev/full");
	ck_assert_int_eq(o.st, GW_AGAIN);
	ck_assert_int_eq(o.why.reason, REASON_NO_SPACE);
	ck_assert_int_eq(send_name("other", 10).st, GW_OK);
}
END_TEST

START_TEST(clear_by_moving)
{
	char done[400];
	struct outcome o;

	snprintf(done, sizeof(done), "%s/done", d.files);
	sh("mkdir %s && echo 1 > %s/doc", done, d.files);
	o = clear("doc", done);
	ck_assert_msg(o.st == GW_OK, "%s", o.why.text);
	ck_assert(!there("doc") && there("done/doc"));
	/* again: an earlier try succeeded, its answer was lost */
	ck_assert_int_eq(clear("doc", done).st, GW_OK);
	/* the name is taken there */
	sh("echo 2 > %s/doc", d.files);
	ck_assert_int_eq(clear("doc", done).st, GW_OK);
	ck_assert(!there("doc"));
	sh("grep -q 1 %s/doc && test $(ls %s | wc -l) = 2", done, done);
	/* nothing there, nowhere to go */
	ck_assert_int_eq(clear("nothing", NULL).st, GW_OK);
	sh("echo 3 > %s/doc", d.files);
	o = clear("doc", "/no/such");
	ck_assert_int_eq(o.st, GW_AGAIN);
	ck_assert_int_eq(o.why.reason, REASON_REMOTE_FOLDER);
	ck_assert(there("doc"));
}
END_TEST

START_TEST(clear_spares_what_changed)
{
	struct outcome o;

	sh("echo 1 > %s/doc && touch -d @1000000 %s/doc", d.files, d.files);
	/* another size, another time: somebody put a new document there */
	o = clear_as_listed("doc", NULL, 3, 1000000);
	ck_assert_int_eq(o.st, GW_AGAIN);
	ck_assert_int_eq(o.why.reason, REASON_STILL_WRITTEN);
	ck_assert_int_eq(clear_as_listed("doc", NULL, 2, 999999).st, GW_AGAIN);
	ck_assert(there("doc"));
	ck_assert_int_eq(clear_as_listed("doc", NULL, 2, 1000000).st, GW_OK);
	ck_assert(!there("doc"));
	/* gone is what we wanted */
	ck_assert_int_eq(clear_as_listed("doc", NULL, 2, 1000000).st, GW_OK);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("transfer");
	TCase *t = tcase_create("sshd");
	SRunner *r;
	int failed;

	if (ssh_start(&why) != GW_OK) {
		fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, there_and_back_bit_for_bit, 0, 5);
	tcase_add_test(t, many_overlap);
	tcase_add_test(t, too_many_is_said_at_once);
	tcase_add_test(t, one_failure_leaves_the_others_alone);
	tcase_add_test(t, few_handles_are_enough);
	tcase_add_test(t, missing_folder);
	tcase_add_test(t, read_only_server);
	tcase_add_loop_test(t, forbidden_steps, 0, 4);
	tcase_add_test(t, server_without_extensions);
	tcase_add_test(t, disk_full_there);
	tcase_add_test(t, name_that_cannot_be);
	tcase_add_test(t, existing_target_is_never_replaced);
	tcase_add_test(t, lost_answer_is_explained_by_a_retry);
	tcase_add_test(t, rest_of_an_aborted_try_is_overwritten);
	tcase_add_test(t, a_name_is_one_step);
	tcase_add_test(t, our_file_shrank);
	tcase_add_test(t, keys_are_exchanged_again_in_between);
	tcase_add_test(t, server_killed_in_the_middle);
	tcase_add_test(t, server_frozen_in_the_middle);
	tcase_add_loop_test(t, flipped_bit_on_the_line_is_never_success, 0, 6);
	tcase_add_test(t, idle_connection_is_asked_and_found_dead);
	tcase_add_test(t, idle_connection_is_asked_and_lives);
	tcase_add_test(t, closing_tells_who_waits);
	tcase_add_test(t, list_shows_regular_files_only);
	tcase_add_test(t, list_of_many_and_stop);
	tcase_add_test(t, fetch_refusals);
	tcase_add_test(t, disk_full_here);
	tcase_add_test(t, clear_by_moving);
	tcase_add_test(t, clear_spares_what_changed);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
