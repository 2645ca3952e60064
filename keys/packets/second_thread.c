/* keys/packets/second_thread.c - the one other thread of a process. */
#include "keys/packets/second_thread.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>

/* It holds a few frames of libgcrypt, and memory is counted. */
#define STACK_SIZE ((size_t)128 * 1024)

static struct {
	pthread_mutex_t lock;
	pthread_cond_t given, done;
	struct second_job *first; /* queued */
	bool running;             /* the thread exists */
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
	for (;;) {
		while (second.first == NULL)
			(void)pthread_cond_wait(&second.given, &second.lock);
		run_queued(second.first);
		(void)pthread_cond_signal(&second.done);
	}
	return NULL;
}

bool
second_thread_start(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, before;

	if (second.running)
		return true;
	if (pthread_attr_init(&attr) != 0)
		return false;
	/* Signals are the first thread's business; whoever has one thread
	 * only and waits with a mask would lose them here. */
	(void)sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before) == 0) {
		second.running =
		    pthread_attr_setdetachstate(
			&attr, PTHREAD_CREATE_DETACHED) == 0 &&
		    pthread_attr_setstacksize(&attr, STACK_SIZE) == 0 &&
		    pthread_create(&thread, &attr, run, NULL) == 0;
		(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	(void)pthread_attr_destroy(&attr);
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
