// Replaces the SDK's tcp.c, the native part of its classes TCP and Listener, which has two data races between the tasks of
// lwIP and XS: a packet that arrives while an accepted connection is handed over reaches a freed record, and a connection
// reset by the peer is used after lwIP has freed it. Here, only lwIP's task touches shared state: native functions of XS call
// into it with `run` and wait.

#include "lwip/tcp.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/priv/tcpip_priv.h"
#include "esp_netif.h"
#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"
#include "builtinCommon.h"

// Max. connections that are being opened, and not accepted by the firmware yet; lwIP refuses more.
#define maxWaiting 8

// Max. connections that the board has ended: of those whose end the other side has not confirmed, with their buffers, and of
// those that lwIP remembers for ten seconds (TIME-WAIT), with 200 bytes each. Clients that come one after another without a
// pause, or vanish, would take all memory.
#define maxUnconfirmed 8
#define maxRemembered 16

// Max. bytes of a response that wait for their acknowledgement, also once the firmware has closed the connection: two
// segments. Each takes its buffer, and another one in the radio's driver.
#define maxUnacknowledged (2 * TCP_MSS)

// Events reported to XS.
enum { readable = 1, writable = 2, failed = 4 };

// The common part of connections and listeners. While `isOpen`, lwIP's task posts one message at a time to XS.
typedef struct {
	xsMachine *the;
	xsSlot object;
	struct tcp_pcb *pcb;		// NULL: lwIP has freed it
	xsSlot *onReadable;
	uint8_t isOpen;				// events are reported to XS
	uint8_t isQueued;			// a message is on its way
	uint8_t isDelivering;		// one is being delivered
} Endpoint;

typedef struct Connection {
	Endpoint endpoint;
	xsSlot *onWritable;
	xsSlot *onError;
	struct pbuf *received;		// not read yet
	struct Connection *next;	// in the listener's queue
	ip_addr_t remoteAddress;
	uint16_t remotePort;
	uint8_t events;				// not reported to XS yet
	uint8_t hasFailed;			// or was closed by the peer
	uint8_t isAccepted;			// of a listener
} Connection;

typedef struct {
	Endpoint endpoint;
	Connection *waiting;
} Listener;

// Arguments and results of a call into lwIP's task.
typedef struct {
	struct tcpip_api_call_data base;
	void *endpoint;
	void *bytes;
	uint16_t length;
	uint16_t room;
	uint8_t events;
	uint8_t noDelay;
	err_t error;
} Call;

static err_t run(err_t (*function)(Call *call), Call *call)
{
	return tcpip_api_call((tcpip_api_call_fn)function, &call->base);
}

// ---- In lwIP's task ----

static void deliverConnection(void *the, void *connection, uint8_t *message, uint16_t length);
static void deliverListener(void *the, void *listener, uint8_t *message, uint16_t length);

static void post(Endpoint *endpoint, modMessageDeliver deliver)
{
	if (!endpoint->isOpen || endpoint->isQueued) return;
	endpoint->isQueued = 1;
	modMessagePostToMachine(endpoint->the, NULL, 0, deliver, endpoint);
}

static void report(Connection *connection, uint8_t events)
{
	connection->events |= events;
	post(&connection->endpoint, deliverConnection);
}

static void reportEnd(Connection *connection)
{
	connection->hasFailed = 1;
	report(connection, failed);
}

static err_t onReceived(void *it, struct tcp_pcb *pcb, struct pbuf *data, err_t error)
{
	Connection *connection = it;
	if (!data)
		reportEnd(connection);
	else {
		if (connection->received)
			pbuf_cat(connection->received, data);
		else
			connection->received = data;
		report(connection, readable);
	}
	return ERR_OK;
}

static err_t onSent(void *it, struct tcp_pcb *pcb, u16_t length)
{
	report(it, writable);
	return ERR_OK;
}

static err_t onConnected(void *it, struct tcp_pcb *pcb, err_t error)
{
	report(it, writable);
	return ERR_OK;
}

// A reset, or no answer: lwIP frees the control block.
static void onFailed(void *it, err_t error)
{
	Connection *connection = it;
	connection->endpoint.pcb = NULL;
	reportEnd(connection);
}

static void attach(Connection *connection, struct tcp_pcb *pcb)
{
	connection->endpoint.pcb = pcb;
	tcp_arg(pcb, connection);
	tcp_recv(pcb, onReceived);
	tcp_sent(pcb, onSent);
	tcp_err(pcb, onFailed);
}

static void detach(Connection *connection)
{
	struct tcp_pcb *pcb = connection->endpoint.pcb;
	connection->endpoint.pcb = NULL;
	if (pcb) {
		tcp_arg(pcb, NULL);
		tcp_recv(pcb, NULL);
		tcp_sent(pcb, NULL);
		tcp_err(pcb, NULL);
		tcp_close(pcb);
	}
	if (connection->received) pbuf_free(connection->received);
	connection->received = NULL;
	connection->endpoint.isOpen = 0;
}

static err_t closeConnection(Call *call)
{
	detach(call->endpoint);
	return ERR_OK;
}

static err_t connectTo(Call *call)
{
	Connection *connection = call->endpoint;
	connection->endpoint.isOpen = 1;
	struct tcp_pcb *pcb = tcp_new();
	if (pcb) {
		attach(connection, pcb);
		if (call->noDelay) tcp_nagle_disable(pcb);
		if (ERR_OK == tcp_connect(pcb, &connection->remoteAddress, connection->remotePort, onConnected))
			return ERR_OK;
	}
	reportEnd(connection);
	return ERR_OK;
}

// Hands an accepted connection over to XS; reports what has arrived so far.
static err_t takeOver(Call *call)
{
	Connection *connection = call->endpoint;
	connection->endpoint.isOpen = 1;
	report(connection, writable);
	return ERR_OK;
}

// Returns and clears the pending events, and sends written data.
static err_t takeEvents(Call *call)
{
	Connection *connection = call->endpoint;
	struct tcp_pcb *pcb = connection->endpoint.pcb;
	connection->endpoint.isQueued = 0;
	call->events = connection->events;
	connection->events = 0;
	if (pcb) tcp_output(pcb);
	call->length = connection->received ? connection->received->tot_len : 0;
	return ERR_OK;
}

static err_t takeRoom(Call *call)
{
	Connection *connection = call->endpoint;
	struct tcp_pcb *pcb = connection->endpoint.pcb;
	call->room = pcb ? tcp_sndbuf(pcb) : 0;
	if (pcb && connection->isAccepted) {
		uint16_t unacknowledged = TCP_SND_BUF - call->room;
		call->room = unacknowledged < maxUnacknowledged ? maxUnacknowledged - unacknowledged : 0;
	}
	return ERR_OK;
}

static err_t readBytes(Call *call)
{
	Connection *connection = call->endpoint;
	uint16_t length = call->length;
	if (!connection->received || length > connection->received->tot_len) return ERR_VAL;
	pbuf_copy_partial(connection->received, call->bytes, length, 0);
	connection->received = pbuf_free_header(connection->received, length);
	if (connection->endpoint.pcb) tcp_recved(connection->endpoint.pcb, length);
	// The end is reported after all data.
	if (!connection->received && connection->hasFailed) report(connection, failed);
	return ERR_OK;
}

static err_t writeBytes(Call *call)
{
	Connection *connection = call->endpoint;
	struct tcp_pcb *pcb = connection->endpoint.pcb;
	// Its end is reported anyway.
	if (!pcb || connection->hasFailed) return ERR_OK;
	if (call->length > tcp_sndbuf(pcb)) return ERR_VAL;
	if (ERR_OK == tcp_write(pcb, call->bytes, call->length, TCP_WRITE_FLAG_COPY | TCP_WRITE_FLAG_MORE))
		// Sent after this turn of the event loop, with what else it writes.
		report(connection, 0);
	else
		reportEnd(connection);
	return ERR_OK;
}

// Of the connections that have ended, the board's own too, only those stay that were active last: the first in lwIP's list.
static void limitEnded(struct tcp_pcb *pcb, uint8_t max)
{
	while (pcb) {
		struct tcp_pcb *next = pcb->next;
		uint8_t hasEnded = pcb->state >= FIN_WAIT_1 && CLOSE_WAIT != pcb->state;
		if (hasEnded && max)
			max--;
		else if (hasEnded)
			tcp_abort(pcb);
		pcb = next;
	}
}

static err_t onAccepted(void *it, struct tcp_pcb *pcb, err_t error)
{
	Listener *listener = it;
	Connection **end = &listener->waiting;
	uint8_t count = 0;
	for (; *end; end = &(*end)->next) count++;
	limitEnded(tcp_active_pcbs, maxUnconfirmed);
	limitEnded(tcp_tw_pcbs, maxRemembered);
	Connection *connection = ERR_OK == error && count < maxWaiting ? c_calloc(1, sizeof(Connection)) : NULL;
	// lwIP resets it.
	if (!connection) return ERR_MEM;
	connection->remoteAddress = pcb->remote_ip;
	connection->remotePort = pcb->remote_port;
	connection->isAccepted = 1;
	attach(connection, pcb);
	*end = connection;
	post(&listener->endpoint, deliverListener);
	return ERR_OK;
}

static err_t listenAt(Call *call)
{
	Listener *listener = call->endpoint;
	struct tcp_pcb *pcb = tcp_new();
	if (!pcb) return ERR_MEM;
	pcb->so_options |= SOF_REUSEADDR;
	struct tcp_pcb *listening = ERR_OK == tcp_bind(pcb, IP_ADDR_ANY, call->length) ? tcp_listen_with_backlog(pcb, maxWaiting) : NULL;
	if (!listening) {
		tcp_close(pcb);
		return ERR_USE;
	}
	listener->endpoint.pcb = listening;
	listener->endpoint.isOpen = 1;
	tcp_arg(listening, listener);
	tcp_accept(listening, onAccepted);
	return ERR_OK;
}

// Counts the connections that are not accepted yet.
static err_t takeCount(Call *call)
{
	Listener *listener = call->endpoint;
	listener->endpoint.isQueued = 0;
	for (Connection *connection = listener->waiting; connection; connection = connection->next) call->length++;
	return ERR_OK;
}

static err_t takeFirst(Call *call)
{
	Listener *listener = call->endpoint;
	Connection *first = listener->waiting;
	if (first) listener->waiting = first->next;
	call->bytes = first;
	return ERR_OK;
}

static err_t stopListening(Call *call)
{
	Listener *listener = call->endpoint;
	tcp_accept(listener->endpoint.pcb, NULL);
	tcp_close(listener->endpoint.pcb);
	listener->endpoint.isOpen = 0;
	while (listener->waiting) {
		Connection *connection = listener->waiting;
		listener->waiting = connection->next;
		detach(connection);
		c_free(connection);
	}
	return ERR_OK;
}

// ---- In XS's task ----

// If a message is queued, its delivery frees the endpoint. Once closed, no more are posted.
static void freeUnlessUsed(Endpoint *endpoint)
{
	if (!endpoint->isOpen && !endpoint->isQueued && !endpoint->isDelivering) c_free(endpoint);
}

static void closeEndpoint(void *it, err_t (*function)(Call *call))
{
	Call call = { .endpoint = it };
	if (!it) return;
	run(function, &call);
	freeUnlessUsed(it);
}

void xs_tcp_destructor(void *it)
{
	closeEndpoint(it, closeConnection);
}

void xs_listener_destructor_(void *it)
{
	closeEndpoint(it, stopListening);
}

static void markEndpoint(xsMachine *the, void *it, xsMarkRoot markRoot)
{
	Endpoint *endpoint = it;
	if (endpoint && endpoint->onReadable) (*markRoot)(the, endpoint->onReadable);
}

static void markConnection(xsMachine *the, void *it, xsMarkRoot markRoot)
{
	Connection *connection = it;
	markEndpoint(the, it, markRoot);
	if (connection && connection->onWritable) (*markRoot)(the, connection->onWritable);
	if (connection && connection->onError) (*markRoot)(the, connection->onError);
}

static const xsHostHooks connectionHooks = { xs_tcp_destructor, markConnection, NULL };
static const xsHostHooks listenerHooks = { xs_listener_destructor_, markEndpoint, NULL };

static void *endpointOf(xsMachine *the, xsSlot *object, const xsHostHooks *hooks)
{
	void *it = xsmcGetHostDataValidate(*object, (void *)hooks);
	if (!it) xsUnknownError("closed");
	return it;
}

// Keeps the object from garbage collection until it is closed.
static void openObject(xsMachine *the, Endpoint *endpoint, xsSlot *onReadable)
{
	xsmcSetHostData(xsThis, endpoint);
	endpoint->the = the;
	endpoint->object = xsThis;
	endpoint->onReadable = onReadable;
	xsRemember(endpoint->object);
}

static void closeObject(xsMachine *the, const xsHostHooks *hooks)
{
	Endpoint *endpoint = xsmcGetHostDataValidate(xsThis, (void *)hooks);
	if (!endpoint) return;
	xsmcSetHostData(xsThis, NULL);
	if (endpoint->the) xsForget(endpoint->object);
	(*hooks->destructor)(endpoint);
}

static void deliverConnection(void *the, void *it, uint8_t *message, uint16_t length)
{
	Connection *connection = it;
	Endpoint *endpoint = it;
	Call call = { .endpoint = it };
	run(takeEvents, &call);
	endpoint->isDelivering = 1;
	if (endpoint->isOpen && endpoint->onReadable && (call.events & readable) && call.length > 0) {
		xsBeginHost(the);
			xsmcSetInteger(xsResult, call.length);
			xsCallFunction1(xsReference(endpoint->onReadable), endpoint->object, xsResult);
		xsEndHost(the);
	}
	// After the end, nothing more is received.
	if (endpoint->isOpen && connection->onError && connection->hasFailed && !connection->received) {
		xsBeginHost(the);
			xsCallFunction0(xsReference(connection->onError), endpoint->object);
		xsEndHost(the);
	} else if (endpoint->isOpen && connection->onWritable && (call.events & writable) && !connection->hasFailed) {
		// Only now: onReadable may have written.
		run(takeRoom, &call);
		xsBeginHost(the);
			xsmcSetInteger(xsResult, call.room);
			xsCallFunction1(xsReference(connection->onWritable), endpoint->object, xsResult);
		xsEndHost(the);
	}
	endpoint->isDelivering = 0;
	freeUnlessUsed(endpoint);
}

static void deliverListener(void *the, void *it, uint8_t *message, uint16_t length)
{
	Endpoint *endpoint = it;
	Call call = { .endpoint = it };
	run(takeCount, &call);
	endpoint->isDelivering = 1;
	if (endpoint->isOpen && endpoint->onReadable && call.length > 0) {
		xsBeginHost(the);
			xsmcSetInteger(xsResult, call.length);
			xsCallFunction1(xsReference(endpoint->onReadable), endpoint->object, xsResult);
		xsEndHost(the);
	}
	endpoint->isDelivering = 0;
	freeUnlessUsed(endpoint);
}

static uint16_t portOf(xsMachine *the)
{
	xsmcGet(xsVar(0), xsArg(0), xsID_port);
	int port = xsmcToInteger(xsVar(0));
	if (port < 0 || port > 65535) xsRangeError("invalid port");
	return port;
}

// Without options: becomes an accepted connection, see xs_listener_read.
void xs_tcp_constructor(xsMachine *the)
{
	xsSetHostHooks(xsThis, (xsHostHooks *)&connectionHooks);
	if (xsmcArgc == 0 || xsReferenceType != xsmcTypeOf(xsArg(0))) return;
	CHECK_NETWORK_SAFE();
	xsmcVars(1);
	xsSlot *onReadable = builtinGetCallback(the, xsID_onReadable);
	xsSlot *onWritable = builtinGetCallback(the, xsID_onWritable);
	xsSlot *onError = builtinGetCallback(the, xsID_onError);
	Call call = { .endpoint = NULL };
	Connection *connection;
	uint8_t isAccepted = xsmcHas(xsArg(0), xsID_from);
	if (isAccepted) {
		xsmcGet(xsVar(0), xsArg(0), xsID_from);
		connection = endpointOf(the, &xsVar(0), &connectionHooks);
		if (connection->endpoint.the) xsUnknownError("invalid from");
		xsmcSetHostData(xsVar(0), NULL);
	} else {
		char text[32];
		ip_addr_t address;
		xsmcGet(xsVar(0), xsArg(0), xsID_address);
		if (!ipaddr_aton(xsmcToStringBuffer(xsVar(0), text, sizeof(text)), &address)) xsUnknownError("invalid address");
		uint16_t port = portOf(the);
		xsmcGet(xsVar(0), xsArg(0), xsID_nodelay);
		call.noDelay = xsmcToBoolean(xsVar(0));
		connection = c_calloc(1, sizeof(Connection));
		if (!connection) xsRangeError("no memory");
		connection->remoteAddress = address;
		connection->remotePort = port;
	}
	call.endpoint = connection;
	connection->onWritable = onWritable;
	connection->onError = onError;
	openObject(the, &connection->endpoint, onReadable);
	run(isAccepted ? takeOver : connectTo, &call);
}

void xs_tcp_close(xsMachine *the)
{
	closeObject(the, &connectionHooks);
}

void xs_tcp_read(xsMachine *the)
{
	Call call = { .endpoint = endpointOf(the, &xsThis, &connectionHooks) };
	xsUnsignedValue length;
	xsmcGetBufferWritable(xsArg(0), &call.bytes, &length);
	call.length = length;
	if (length > 0xffff || ERR_OK != run(readBytes, &call)) xsUnknownError("invalid");
}

void xs_tcp_write(xsMachine *the)
{
	Call call = { .endpoint = endpointOf(the, &xsThis, &connectionHooks) };
	xsUnsignedValue length;
	xsmcGetBufferReadable(xsArg(0), &call.bytes, &length);
	call.length = length;
	if (length > 0xffff || ERR_OK != run(writeBytes, &call)) xsUnknownError("would block");
}

void xs_tcp_get_remoteAddress(xsMachine *the)
{
	Connection *connection = endpointOf(the, &xsThis, &connectionHooks);
	xsResult = xsStringBuffer(NULL, 40);
	ipaddr_ntoa_r(&connection->remoteAddress, xsmcToString(xsResult), 40);
}

void xs_tcp_get_remotePort(xsMachine *the)
{
	Connection *connection = endpointOf(the, &xsThis, &connectionHooks);
	xsmcSetInteger(xsResult, connection->remotePort);
}

// Buffers only.
void xs_tcp_get_format(xsMachine *the)
{
	builtinGetFormat(the, kIOFormatBuffer);
}

void xs_tcp_set_format(xsMachine *the)
{
	if (kIOFormatBuffer != builtinSetFormat(the)) xsRangeError("unimplemented");
}

void xs_listener_constructor(xsMachine *the)
{
	xsSetHostHooks(xsThis, (xsHostHooks *)&listenerHooks);
	CHECK_NETWORK_SAFE();
	xsmcVars(1);
	Call call = { .length = portOf(the) };
	xsSlot *onReadable = builtinGetCallback(the, xsID_onReadable);
	call.endpoint = c_calloc(1, sizeof(Listener));
	if (!call.endpoint) xsRangeError("no memory");
	openObject(the, call.endpoint, onReadable);
	if (ERR_OK != run(listenAt, &call)) {
		xsForget(((Endpoint *)call.endpoint)->object);
		xsmcSetHostData(xsThis, NULL);
		c_free(call.endpoint);
		xsUnknownError("no listener");
	}
}

void xs_listener_close_(xsMachine *the)
{
	closeObject(the, &listenerHooks);
}

// Turns its argument, a TCP object, into the oldest connection that is not accepted yet.
void xs_listener_read(xsMachine *the)
{
	Call call = { .endpoint = endpointOf(the, &xsThis, &listenerHooks) };
	run(takeFirst, &call);
	if (!call.bytes) return;
	xsResult = xsArg(0);
	xsmcSetHostData(xsResult, call.bytes);
}

void xs_listener_get_port(xsMachine *the)
{
	Listener *listener = endpointOf(the, &xsThis, &listenerHooks);
	xsmcSetInteger(xsResult, listener->endpoint.pcb->local_port);
}
