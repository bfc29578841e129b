/*
 * node.http: HTTP requests to Node.js servers, counted when they are answered.
 *
 * USDT probes of node (src/node_provider.d), in the context of the process. http-server-request: arg2 the remote
 * address, arg4 the method, arg5 the URL, arg6 the file descriptor; http-server-response: arg1 the remote address,
 * arg3 the file descriptor, which with the pid ties the two together. Raw arguments are used, so that the
 * translators of node.d need not be installed. A node built without --with-dtrace (19 and later cannot be) has no
 * such probes.
 *
 * copyinstr fails on a page that is not in memory; the probe then reports an error and the request is not counted.
 */

/* begin http_start: a request has arrived */
node*:::http-server-request
{
	http_start[pid, arg6] = timestamp;
}

/* begin http_method: its method */
node*:::http-server-request
{
	http_method[pid, arg6] = copyinstr(arg4);
}

/* begin http_url: its URL */
node*:::http-server-request
{
	http_url[pid, arg6] = copyinstr(arg5);
}

/* aggregate: the request is answered */
node*:::http-server-response
/http_start[pid, arg3] && http_method[pid, arg3] != NULL && http_url[pid, arg3] != NULL/
{
	@rows[KEYS] = VALUE;
}

/* clean http_start: free what was saved */
node*:::http-server-response
{
	http_start[pid, arg3] = 0;
}

/* clean http_method: free what was saved */
node*:::http-server-response
{
	http_method[pid, arg3] = 0;
}

/* clean http_url: free what was saved */
node*:::http-server-response
{
	http_url[pid, arg3] = 0;
}
