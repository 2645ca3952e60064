/* gateway/control.h - one gateway per state folder, and its admin socket. */
#ifndef GATEWAY_CONTROL_H
#define GATEWAY_CONTROL_H

#include "gateway/config/config.h"

struct control {
	int lock;
	int fd; /* listening */
	char *path;
};

/*
 * Make spool and state folders where missing (the spooler's user owns them),
 * take the lock of the state folder, bind the admin socket: mode 0660 for
 * admin-group, else 0600.  GW_REFUSED: another gateway has the lock.
 */
enum gw_status control_open(
    const struct config *, struct control *, struct why *);
/* Removes the socket and gives the lock back. */
void control_close(struct control *);

#endif
