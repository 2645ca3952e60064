/* keys/packets/second_thread.c - the one other thread of a process. */
#include "keys/packets/second_thread.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>

/* It holds a few frames of libgcrypt, and memory is counted. */
#define STACK_SIZE ((size_t)128 * 1024)

static struct {
	pthread_mutex_t lock;
	pthread_cond_t given, done;
	struct second_job *first; /* queued */
	bool running;             /* the thread exists */
	bool ready;               /* and waits for jobs */
} second = { .lock = PTHREAD_MUTEX_INITIALIZER,
	.given = PTHREAD_COND_INITIALIZER,
	.done = PTHREAD_COND_INITIALIZER };

/*
 * Take this job out of the queue and run it; called and left with the lock.
 * Locking one's own sound mutex cannot fail, nor can waiting on it.
 */
static void
run_queued(struct second_job *job)
{
	struct second_job **at = &second.first;

	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	job->state = SECOND_RUNNING;
	(void)pthread_mutex_unlock(&second.lock);
	job->run(job->arg);
	(void)pthread_mutex_lock(&second.lock);
	job->state = SECOND_IDLE;
}

static void *
run(void *unused)
{
	(void)unused;
	(void)pthread_mutex_lock(&second.lock);
	second.ready = true;
	(void)pthread_cond_signal(&second.done);
	for (;;) {
		while (second.first == NULL)
			(void)pthread_cond_wait(&second.given, &second.lock);
		run_queued(second.first);
		(void)pthread_cond_signal(&second.done);
	}
	return NULL;
}

/* It asks nobody but the kernel: no file can be opened any more. */
static bool
one_processor(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 &&
	       CPU_COUNT(&set) == 1;
}

/* Signals are the first thread's business; whoever has one thread only and
 * waits with a mask would lose them here. */
static bool
create(const pthread_attr_t *attr)
{
	pthread_t thread;
	sigset_t all, before;
	bool ok;

	(void)sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
		return false;
	ok = pthread_create(&thread, attr, run, NULL) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return ok;
}

bool
second_thread_start(void)
{
	pthread_attr_t attr;

	if (second.running || one_processor())
		return second.running;
	if (pthread_attr_init(&attr) != 0)
		return false;
	second.running =
	    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED) == 0 &&
	    pthread_attr_setstacksize(&attr, STACK_SIZE) == 0 && create(&attr);
	(void)pthread_attr_destroy(&attr);
	(void)pthread_mutex_lock(&second.lock);
	while (second.running && !second.ready)
		(void)pthread_cond_wait(&second.done, &second.lock);
	(void)pthread_mutex_unlock(&second.lock);
	return second.running;
}

void
second_thread_give(struct second_job *job)
{
	struct second_job **last = &second.first;

	if (!second.running) {
		job->run(job->arg);
		return;
	}
	(void)pthread_mutex_lock(&second.lock);
	while (*last != NULL)
		last = &(*last)->next;
	*last = job;
	job->next = NULL;
	job->state = SECOND_QUEUED;
	(void)pthread_cond_signal(&second.given);
	(void)pthread_mutex_unlock(&second.lock);
}

void
second_thread_wait(struct second_job *job)
{
	if (!second.running)
		return;
	(void)pthread_mutex_lock(&second.lock);
	while (job->state != SECOND_IDLE) {
		if (job->state == SECOND_QUEUED)
			run_queued(job);
		else if (second.first != NULL)
			run_queued(second.first);
		else
			(void)pthread_cond_wait(&second.done, &second.lock);
	}
	(void)pthread_mutex_unlock(&second.lock);
}
