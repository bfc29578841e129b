/*
 * @isotherm {"v":1,"spec":"5pec","metric":"vm.zvol_ops","nonce":"0123456789abcdef0123456789abcdef","granularitySec":1,"keys":["zonename","errno","optype"],"keyTypes":["string","number","string"],"numeric":"size","scheme":"llquantize(2,9,25,8)","predicate":{"and":[{"ne":["errno",0]},{"ge":["size",1000]}]},"zones":["7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11","web-3"]}
 *
 * vm.zvol_ops: virtual disk operations by zonename, errno, optype, distribution of size as llquantize(2,9,25,8); a frame every 1 s.
 * Events:    {"and":[{"ne":["errno",0]},{"ge":["size",1000]}]}
 * Zones:     2, which every clause below tests first
 * Asked by:  ada
 * Platform:  smartos; probes of sdt
 */

/* @events exists from the start, with 0 in it, so that a frame without events has its last line too. */
dtrace:::BEGIN
{
	tick = 0;
	@events = sum(0);
}

/* How many bytes are asked for. */
sdt:::zvol-uio-start
/(zonename == "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11" || zonename == "web-3") &&
 (int64_t)(((uio_t *)arg1)->uio_resid) >= 1000/
{
	self->size = ((uio_t *)arg1)->uio_resid + 1;
}

/* The request is done. */
sdt:::zvol-uio-done
/(zonename == "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11" || zonename == "web-3") &&
 self->size &&
 (int64_t)arg3 != 0 &&
 (int64_t)(self->size - 1) >= 1000/
{
	@events = sum(1);
	@rows[zonename,
	    (int64_t)arg3,
	    arg2 == 1 ? "write" : "read"] =
	    llquantize(self->size - 1, 2, 9, 25, 8);
}

/* Free what was saved. */
sdt:::zvol-uio-done
/(zonename == "7f3b9c4e-0a4e-4a4b-9a57-2f7f6f4f1c11" || zonename == "web-3")/
{
	self->size = 0;
}

/* Each tick prints one frame, then starts the next window from nothing. */
profile:::tick-1s
{
	tick++;
	printf("@begin 0123456789abcdef0123456789abcdef %d %d\n", tick, walltimestamp);
	printa("@row \"%S\" %d \"%S\"%@d@end\n", @rows);
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
