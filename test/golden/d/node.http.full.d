/*
 * @isotherm {"v":1,"spec":"5pec","metric":"node.http","nonce":"0123456789abcdef0123456789abcdef","granularitySec":1,"keys":["zonename","method","pexecname","ppid","psargs","raddr","url"],"keyTypes":["string","string","string","number","string","string","string"],"numeric":"latency","scheme":"llquantize(10,3,10,20)","predicate":{"and":[{"ne":["raddr","other"]},{"ge":["latency",1000]}]},"zones":["7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11","web-3"]}
 *
 * node.http: Node.js HTTP requests by zonename, method, pexecname, ppid, psargs, raddr, url, distribution of latency as llquantize(10,3,10,20); a frame every 1 s.
 * Events:    {"and":[{"ne":["raddr","other"]},{"ge":["latency",1000]}]}
 * Zones:     2, which every clause below tests first
 * Asked by:  ada
 * Platform:  smartos; probes of node*
 */

/* @events exists from the start, with 0 in it, so that a frame without events has its last line too. */
dtrace:::BEGIN
{
	tick = 0;
	@events = sum(0);
}

/*
 * A request has arrived.
 * Its method.
 * Its URL.
 */
node*:::http-server-request
/(zonename == "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11" || zonename == "web-3") &&
 copyinstr(arg2) != "other"/
{
	http_start[pid, arg6] = timestamp;
	http_method[pid, arg6] = copyinstr(arg4);
	http_url[pid, arg6] = copyinstr(arg5);
}

/* The request is answered. */
node*:::http-server-response
/(zonename == "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11" || zonename == "web-3") &&
 http_start[pid, arg3] &&
 http_method[pid, arg3] != NULL &&
 http_url[pid, arg3] != NULL &&
 copyinstr(arg1) != "other" &&
 (int64_t)(timestamp - http_start[pid, arg3]) >= 1000/
{
	@events = sum(1);
	@rows[zonename,
	    http_method[pid, arg3],
	    stringof(curthread->t_procp->p_parent->p_user.u_comm),
	    (int64_t)ppid,
	    stringof(curpsinfo->pr_psargs),
	    copyinstr(arg1),
	    http_url[pid, arg3]] =
	    llquantize(timestamp - http_start[pid, arg3], 10, 3, 10, 20);
}

/* Free what was saved. */
node*:::http-server-response
/(zonename == "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11" || zonename == "web-3")/
{
	http_start[pid, arg3] = 0;
	http_method[pid, arg3] = 0;
	http_url[pid, arg3] = 0;
}

/* Each tick prints one frame, then starts the next window from nothing. */
profile:::tick-1s
{
	tick++;
	printf("@begin 0123456789abcdef0123456789abcdef %d %d\n", tick, walltimestamp);
	printa("@row \"%S\" \"%S\" \"%S\" %d \"%S\" \"%S\" \"%S\"%@d@end\n", @rows);
	printf("@done 0123456789abcdef0123456789abcdef %d ", tick);
	printa("%@d\n", @events);
	trunc(@rows);
	clear(@events);
}

/* Nobody's program runs for ever: a collector that still wants it starts it again. */
profile:::tick-3600s
{
	exit(0);
}

/* dtrace prints every aggregation that is left when it ends; leave none. */
dtrace:::END
{
	trunc(@rows);
	trunc(@events);
}
