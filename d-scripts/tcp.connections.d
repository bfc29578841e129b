/*
 * tcp.connections: TCP connections, counted when they are established.
 *
 * Both probes fire where a packet is received, mostly in an interrupt or a squeue's own thread: pid, execname and
 * zonename would name a bystander. The connection knows who opened it: conn_cred (its zone) and conn_cpid
 * (uts/common/inet/ipclassifier.h); an accepted one has those of its listener until accept(3SOCKET) takes it. No
 * name of an application can be had here.
 *
 * args[3] is a tcpsinfo_t (lib/libdtrace/common/tcp.d.in). tcps_raddr is a whole IPv6 address; IPv4 is
 * "::ffff:192.0.2.1".
 */

/* aggregate: a connection is established, from outside or from here */
tcp:::accept-established,
tcp:::connect-established
{
	@rows[KEYS] = VALUE;
}
