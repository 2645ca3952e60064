/* gateway/commands/keyfolder.c - the folder of our OpenPGP keys, for `key`. */
#include "gateway/commands/keyfolder.h"

#include "gateway/base/clock.h"
#include "gateway/base/fdio.h"
#include "gateway/config/config_field.h"
#include "gateway/config/config_safe.h"
#include "gateway/config/config_value.h"
#include "keys/secrets/secret.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TEMP_NAME_SIZE 48
#define KEPT_MAX       100

static enum gw_status
parse_certificate(const char *path, struct cert **out, struct why *why)
{
	enum gw_status st;
	struct buf text;

	buf_init(&text, KEYFOLDER_FILE_MAX);
	st = config_safe_read(
	    path, CONFIG_SAFE_PUBLIC, KEYFOLDER_FILE_MAX, &text, why);
	if (st == GW_OK)
		st = cert_parse(text.data, text.len, out, why);
	buf_free(&text);
	return st;
}

/* The public part of a secret key, as a certificate of its own. */
static enum gw_status
parse_secret(const char *path, const char *passphrase, struct cert **out,
    struct why *why)
{
	enum gw_status st;
	struct secret *secret = NULL;
	struct buf text, public;

	buf_init_secret(&text, KEYFOLDER_FILE_MAX);
	buf_init(&public, KEYFOLDER_FILE_MAX);
	st = config_safe_read(
	    path, CONFIG_SAFE_SECRET, KEYFOLDER_FILE_MAX, &text, why);
	if (st == GW_OK)
		st =
		    secret_parse(text.data, text.len, passphrase, &secret, why);
	if (st == GW_OK)
		st = cert_export(secret_cert(secret), false, &public, why);
	if (st == GW_OK)
		st = cert_parse(public.data, public.len, out, why);
	secret_free(secret);
	buf_free(&public);
	buf_free(&text);
	return st;
}

/* What the key's own file says of itself, which is not locked. */
static enum gw_status
parse_public_part(const char *path, struct cert **out, struct why *why)
{
	enum gw_status st;
	struct buf text;
	size_t count;

	buf_init_secret(&text, KEYFOLDER_FILE_MAX);
	st = config_safe_read(
	    path, CONFIG_SAFE_SECRET, KEYFOLDER_FILE_MAX, &text, why);
	if (st == GW_OK)
		st = secret_certs(text.data, text.len, out, 1, &count, why);
	if (st == GW_OK && count == 0)
		st = GW_NONE;
	buf_free(&text);
	return st;
}

/* A revocation may stand in only one of the two files. */
static void
join_own(struct keyfolder_key *k)
{
	struct cert *own = NULL;
	struct why why;

	if (parse_public_part(k->path, &own, &why) == GW_OK &&
	    cert_absorb(&k->cert, own, &why) != GW_OK)
		cert_free(own); /* not the same key, or of no use to us */
}

enum gw_status
keyfolder_beside(const char *path, struct cert **out, struct why *why)
{
	char *beside = config_dup(path);
	enum gw_status st;

	memcpy(beside + strlen(path) - 4, ".asc", 4);
	st = parse_certificate(beside, out, why);
	free(beside);
	return st;
}

/* Only a certificate that belongs to the key by name is taken for it. */
static bool
read_beside(struct keyfolder_key *k)
{
	const char *name = strrchr(k->path, '/') + 1, *fingerprint;
	struct why why;
	int fd;

	/* The key itself must be safe, even if it is not opened here. */
	if (config_safe_open(k->path, CONFIG_SAFE_SECRET, &fd, &why) != GW_OK)
		return false;
	fd_close(&fd);
	if (keyfolder_beside(k->path, &k->cert, &why) != GW_OK)
		return false;
	fingerprint = cert_fingerprint(k->cert);
	if (strncmp(name, fingerprint, strlen(fingerprint)) == 0) {
		join_own(k);
		return true;
	}
	cert_free(k->cert);
	k->cert = NULL;
	return false;
}

static int
is_key_file(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return e->d_name[0] != '.' && n > 4 &&
	       strcmp(e->d_name + n - 4, ".key") == 0;
}

static void
read_key(struct keyfolder_key *k, const char *passphrase)
{
	struct why why;

	if (read_beside(k) ||
	    parse_secret(k->path, passphrase, &k->cert, &why) == GW_OK)
		return;
	k->problem = config_dup(why.text);
}

enum gw_status
keyfolder_open(const char *path, const char *passphrase, struct keyfolder **out,
    struct why *why)
{
	struct keyfolder *f = calloc(1, sizeof(*f));
	struct dirent **found = NULL;
	int count;

	if (f == NULL)
		gw_fatal("out of memory");
	*out = f;
	f->path = config_dup(path);
	count = scandir(path, &found, is_key_file, alphasort);
	if (count < 0 && errno == ENOENT)
		return GW_OK;
	if (count < 0) {
		why_errno(why, REASON_CONFIG, "the folder %s", path);
		keyfolder_close(f);
		*out = NULL;
		return GW_REFUSED;
	}
	f->key = calloc((size_t)count + 1, sizeof(*f->key));
	if (f->key == NULL)
		gw_fatal("out of memory");
	for (int i = 0; i < count; i++) {
		f->key[i].path = config_value_path(path, found[i]->d_name);
		read_key(&f->key[i], passphrase);
		f->count++;
		free(found[i]);
	}
	free(found);
	return GW_OK;
}

void
keyfolder_close(struct keyfolder *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->count; i++) {
		free(f->key[i].path);
		free(f->key[i].problem);
		cert_free(f->key[i].cert);
	}
	free(f->key);
	free(f->path);
	free(f);
}

const struct keyfolder_key *
keyfolder_find(const struct keyfolder *f, const char *fingerprint)
{
	const struct keyfolder_key *found = NULL;
	size_t n = strlen(fingerprint);

	for (size_t i = 0; i < f->count; i++) {
		const char *whole;
		size_t len;

		if (f->key[i].cert == NULL)
			continue;
		whole = cert_fingerprint(f->key[i].cert);
		len = strlen(whole);
		if (n < 16 || n > len ||
		    strcasecmp(whole + len - n, fingerprint) != 0)
			continue;
		if (found != NULL)
			return NULL;
		found = &f->key[i];
	}
	return found;
}

static enum gw_status
fill(int dir, const char *temp, mode_t mode, const void *data, size_t len,
    struct why *why)
{
	enum gw_status st = GW_OK;
	int fd = openat(dir, temp,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);

	if (fd < 0) {
		why_errno(why, REASON_IO_ERROR, "making a file");
		return gw_status_errno(errno);
	}
	/* Whatever the umask says, the mode is this. */
	if (fchmod(fd, mode) != 0) {
		why_errno(why, REASON_IO_ERROR, "setting the mode");
		st = GW_INTERNAL;
	}
	if (st == GW_OK)
		st = fd_write_all(fd, data, len, why);
	if (st == GW_OK)
		st = fd_sync(fd, why);
	fd_close(&fd);
	return st;
}

/* Open the folder, which only its owner may change. */
static enum gw_status
open_folder(const char *folder, int *dir, struct why *why)
{
	enum gw_status st = config_safe_folder(folder, why);

	if (st != GW_OK)
		return st;
	*dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*dir >= 0)
		return GW_OK;
	why_errno(why, REASON_IO_ERROR, "the folder %s", folder);
	return gw_status_errno(errno);
}

static void
temp_name(size_t i, char out[TEMP_NAME_SIZE])
{
	snprintf(out, TEMP_NAME_SIZE, ".new.%ld.%zu", (long)getpid(), i);
}

enum gw_status
keyfolder_lock(const char *folder, int *fd, struct why *why)
{
	enum gw_status st = open_folder(folder, fd, why);

	if (st != GW_OK)
		return st;
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
		return GW_OK;
	why_errno(why, REASON_CONFIG,
	    "%s: another command is changing the keys in it", folder);
	fd_close(fd);
	return GW_AGAIN;
}

enum gw_status
keyfolder_write(const char *folder, const char *name, mode_t mode,
    const void *data, size_t len, struct why *why)
{
	enum gw_status st;
	char temp[TEMP_NAME_SIZE];
	int dir;

	temp_name(0, temp);
	if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
		why_errno(why, REASON_IO_ERROR, "making the folder %s", folder);
		return GW_REFUSED;
	}
	if ((st = open_folder(folder, &dir, why)) != GW_OK)
		return st;
	(void)unlinkat(dir, temp, 0); /* of a dead process with our number */
	if ((st = fill(dir, temp, mode, data, len, why)) != GW_OK)
		goto remove_temp;
	/* link() never replaces, as rename() would. */
	if (linkat(dir, temp, dir, name, 0) != 0) {
		st = gw_status_errno(errno);
		why_errno(why, REASON_IO_ERROR, "%s/%s", folder, name);
	}
remove_temp:
	(void)unlinkat(dir, temp, 0); /* it may not have come to be */
	if (st == GW_OK)
		st = fd_sync(dir, why);
	fd_close(&dir);
	return st;
}

/* Give the old file a second name, which nothing else has: the time, and a
 * number when one second saw more than one change. */
static enum gw_status
keep(int dir, struct keyfolder_change *c, struct why *why)
{
	time_t now = (time_t)(clock_wall_ms() / 1000);
	char stamp[32];
	struct tm tm;

	(void)gmtime_r(&now, &tm); /* our own clock fits */
	(void)strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	for (int n = 1; n < KEPT_MAX; n++) {
		snprintf(c->kept, sizeof(c->kept),
		    n == 1 ? "%s.%s" : "%s.%s.%d", c->name, stamp, n);
		if (linkat(dir, c->name, dir, c->kept, 0) == 0)
			return GW_OK;
		if (errno == ENOENT) {
			c->kept[0] = '\0';
			return GW_OK;
		}
		if (errno != EEXIST)
			break;
	}
	why_errno(why, REASON_IO_ERROR, "keeping the old %s", c->name);
	return GW_INTERNAL;
}

static enum gw_status
put_in_place(int dir, struct keyfolder_change *c, size_t i, struct why *why)
{
	char temp[TEMP_NAME_SIZE];
	enum gw_status st;

	temp_name(i, temp);
	if ((st = keep(dir, c, why)) != GW_OK)
		return st;
	if (renameat(dir, temp, dir, c->name) == 0)
		return GW_OK;
	why_errno(why, REASON_IO_ERROR, "giving the new %s its name", c->name);
	return gw_status_errno(errno);
}

enum gw_status
keyfolder_replace(const char *folder, struct keyfolder_change *all,
    size_t count, struct why *why)
{
	char temp[TEMP_NAME_SIZE];
	enum gw_status st;
	int dir;

	if ((st = open_folder(folder, &dir, why)) != GW_OK)
		return st;
	for (size_t i = 0; st == GW_OK && i < count; i++) {
		temp_name(i, temp);
		(void)unlinkat(dir, temp, 0); /* as above */
		st = fill(dir, temp, all[i].mode, all[i].data->data,
		    all[i].data->len, why);
	}
	for (size_t i = 0; st == GW_OK && i < count; i++)
		st = put_in_place(dir, &all[i], i, why);
	if (st == GW_OK)
		st = fd_sync(dir, why);
	for (size_t i = 0; i < count; i++) {
		temp_name(i, temp);
		(void)unlinkat(dir, temp, 0); /* most have another name now */
	}
	fd_close(&dir);
	return st;
}
