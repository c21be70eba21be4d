/* notify - systemd's sd_notify(3) protocol, one datagram; nothing where nobody listens. */
#ifndef TOCSIN_CMD_NOTIFY_H
#define TOCSIN_CMD_NOTIFY_H

void notify_state(const char *state);

#endif
