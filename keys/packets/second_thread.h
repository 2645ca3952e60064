/* keys/packets/second_thread.h - the one other thread of a process. */
#ifndef KEYS_SECOND_THREAD_H
#define KEYS_SECOND_THREAD_H

#include <stdbool.h>

/*
 * Hashing and writing one piece while another is enciphered: the two walk
 * beside each other through a large document.  There is at most one second
 * thread in a process.  Jobs that wait may be run in any order, so what must
 * come after something else waits for that first.  Without the thread (never
 * started, or no memory) a job runs at once where it is given, and everything
 * works the same, slower.
 *
 * Start it before the list of system calls closes: a new thread needs some
 * that no role may keep, and on return it has made them.  Jobs call libgcrypt,
 * and write to the descriptor that they were given; nothing else.  False:
 * there is none, perhaps because there is only one processor to run on.
 */
bool second_thread_start(void);

/* Its owner's, who sets run and arg and leaves the rest zero. */
struct second_job {
	void (*run)(void *arg);
	void *arg;
	enum { SECOND_IDLE, SECOND_QUEUED, SECOND_RUNNING } state;
	struct second_job *next;
};

/* It will run, or has.  An idle one; only one thread may give and wait. */
void second_thread_give(struct second_job *);
/* Until it has ended; nothing when it was never given.  Whoever waits does
 * not stand idle: he runs jobs that nobody has begun, this one first. */
void second_thread_wait(struct second_job *);

#endif
