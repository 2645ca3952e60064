/* spool/watch_ready.c - is this one file finished? */
#include "spool/watch_ready.h"

#include "gateway/base/clock.h"
#include "gateway/base/fdio.h"
#include "spool/claim.h"
#include "spool/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define RETRY_FIRST_MS 100
#define RETRY_MAX_MS   5000
/* Where no lease can tell, a file must rest for this long, or five times the
 * flow's quiet time. */
#define REST_MS     5000
#define REST_FACTOR 5
/* Some writers publish by link() and unlink(); they get this long. */
#define LINK_GRACE_MS 1000

static int64_t
ns_of(struct timespec ts)
{
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void
take_note(struct watch_facts *f, const struct stat *sb)
{
	int64_t mtime = ns_of(sb->st_mtim), ctime = ns_of(sb->st_ctim);

	if (f->since_ms != 0 && f->size == (uint64_t)sb->st_size &&
	    f->mtime_ns == mtime && f->ctime_ns == ctime &&
	    f->ino == sb->st_ino)
		return;
	f->since_ms = clock_mono_ms();
	f->size = (uint64_t)sb->st_size;
	f->mtime_ns = mtime;
	f->ctime_ns = ctime;
	f->ino = sb->st_ino;
}

/* For how long we saw it unchanged ourselves. */
static int64_t
rested_ms(const struct watch_facts *f)
{
	return clock_mono_ms() - f->since_ms;
}

/* The same, believing the kernel's change time, which no writer can set, where
 * the file system is our own: then a restart need not wait again. */
static int64_t
unchanged_ms(const struct watch_facts *f, bool remote)
{
	int64_t seen = rested_ms(f);
	int64_t told = clock_wall_ms() - f->ctime_ns / 1000000;

	return !remote && told > seen ? told : seen;
}

static bool
is_marker(const char *name)
{
	size_t len = strlen(name), n = strlen(CLAIM_MARKER);

	return len > n && strcmp(name + len - n, CLAIM_MARKER) == 0;
}

static bool
has_marker(int dirfd, const char *name)
{
	char marker[DOC_FILE_SIZE + sizeof(CLAIM_MARKER)];
	struct stat sb;

	snprintf(marker, sizeof(marker), "%s" CLAIM_MARKER, name);
	return fstatat(dirfd, marker, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(sb.st_mode);
}

static enum watch_verdict
later(int64_t ms, int64_t *wait_ms)
{
	*wait_ms = ms > 1 ? ms : 1;
	return WATCH_LATER;
}

static enum watch_verdict
retry(struct watch_facts *f, int64_t *wait_ms)
{
	int64_t ms = RETRY_FIRST_MS;

	for (unsigned i = 0; i < f->tries && ms < RETRY_MAX_MS; i++)
		ms *= 2;
	f->tries++;
	return later(ms < RETRY_MAX_MS ? ms : RETRY_MAX_MS, wait_ms);
}

static enum watch_verdict
refuse(struct watch_find *find)
{
	find->refused = true;
	return WATCH_REFUSED;
}

/* Nothing tells whether a writer is left: wait until it has rested long. */
static enum watch_verdict
rest(const struct watch_folder *folder, const struct watch_facts *f,
    int64_t *wait_ms)
{
	int64_t need = REST_MS;

	if (folder->rule == WATCH_QUIET &&
	    folder->quiet_ms > need / REST_FACTOR)
		need = folder->quiet_ms * REST_FACTOR;
	if (rested_ms(f) < need)
		return later(need - rested_ms(f), wait_ms);
	return WATCH_YES;
}

/* The kernel's word on writers; see lease.c. */
static enum watch_verdict
ask_kernel(int dirfd, const struct watch_folder *folder, const char *name,
    struct watch_facts *f, struct watch_find *find, int64_t *wait_ms)
{
	enum lease_answer answer;
	enum watch_verdict v;
	int fd;

	fd =
	    openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return WATCH_NEVER;
	if (fd < 0 && (errno == EACCES || errno == EPERM)) {
		/* It may still get its final mode. */
		if ((v = rest(folder, f, wait_ms)) != WATCH_YES)
			return v;
		why_set(&find->why, REASON_BAD_OWNER,
		    "it cannot be read: its owner gave us no permission");
		return refuse(find);
	}
	if (fd < 0)
		return retry(f, wait_ms);
	answer = lease_ask(fd);
	fd_close(&fd);
	if (answer == LEASE_WRITER)
		return retry(f, wait_ms);
	return answer == LEASE_FREE ? WATCH_YES : rest(folder, f, wait_ms);
}

/* Finished, but would we carry it? */
static enum watch_verdict
judge(const struct watch_folder *folder, bool remote, const char *name,
    const struct stat *sb, const struct watch_facts *f, struct watch_find *find,
    int64_t *wait_ms)
{
	int64_t age = unchanged_ms(f, remote);

	if (sb->st_nlink > 1 && age < LINK_GRACE_MS)
		return later(LINK_GRACE_MS / 5, wait_ms);
	if (!name_check(name, strlen(name), &find->why) ||
	    claim_acceptable(folder, sb, &find->why) != GW_OK)
		return refuse(find);
	return WATCH_YES;
}

enum watch_verdict
watch_ready(int dirfd, const struct watch_folder *folder, bool remote,
    const char *name, struct watch_facts *f, struct watch_find *find,
    int64_t *wait_ms)
{
	enum watch_verdict v;
	struct stat sb;
	int64_t age;

	if (name_is_temporary(name) ||
	    (folder->rule == WATCH_MARKER && is_marker(name)))
		return WATCH_NEVER;
	if (fstatat(dirfd, name, &sb, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? WATCH_NEVER : retry(f, wait_ms);
	if (S_ISDIR(sb.st_mode))
		return WATCH_NEVER;
	find->refused = false;
	find->why.reason = REASON_NONE;
	find->why.text[0] = '\0';
	find->size = (uint64_t)sb.st_size;
	take_note(f, &sb);
	if (!S_ISREG(sb.st_mode)) {
		(void)claim_acceptable(folder, &sb, &find->why);
		return refuse(find);
	}
	if (folder->rule == WATCH_MARKER && !has_marker(dirfd, name))
		return WATCH_NEVER;
	age = unchanged_ms(f, remote);
	if (folder->rule == WATCH_QUIET && age < folder->quiet_ms)
		return later(folder->quiet_ms - age, wait_ms);
	v = ask_kernel(dirfd, folder, name, f, find, wait_ms);
	if (v != WATCH_YES)
		return v;
	return judge(folder, remote, name, &sb, f, find, wait_ms);
}
