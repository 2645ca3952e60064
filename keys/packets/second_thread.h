/* keys/packets/second_thread.h - the one other thread of a process. */
#ifndef KEYS_SECOND_THREAD_H
#define KEYS_SECOND_THREAD_H

#include <stdbool.h>

/*
 * Hashing one piece while another is enciphered: the two walk beside each
 * other through a large document.  There is at most one second thread in a
 * process, it runs one job at a time, and who gives a job waits for it before
 * the next.  Without it (never started, or no memory) a job runs at once
 * where it is given, and everything works the same, slower.
 *
 * Start it before the sandbox closes: a new thread needs system calls that no
 * role may keep.  Jobs call libgcrypt and nothing else.  False: there is none.
 */
bool second_thread_start(void);

/* job(arg) will run, or has; the one before it must have been waited for. */
void second_thread_give(void (*job)(void *), void *arg);
/* Until the job given last has ended; nothing when there was none. */
void second_thread_wait(void);

#endif
