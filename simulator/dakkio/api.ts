import { STATUS_CODES } from "node:http";
import { type Account, type ApiKey, type Bucket, type DataSource, findBucket, findKey } from "./account";
import { quotaHeaders, quotaStatus, type Usage, usageAt } from "./quota";
import {
	checkBatch,
	checkSingle,
	checkSource,
	type Detail,
	isId,
	type SentPoint,
	type SentPoints,
	type ValidationResult,
} from "./validation";

/** The parts of an HTTP request that the API uses. */
export interface ApiRequest {
	readonly method: string;
	/** Including the query, which is ignored. */
	readonly path: string;
	/** The header `X-API-Key`. */
	readonly key: string | undefined;
	readonly contentType: string | undefined;
	/** `undefined`: above the server's size limit. */
	readonly body: Uint8Array | undefined;
}

export interface ApiResponse {
	readonly status: number;
	readonly headers: Readonly<Record<string, string>>;
	/** Sent as JSON. */
	readonly body: unknown;
}

/** A stored point, as returned by the API. */
export interface DataPoint {
	readonly _id: string;
	readonly bucketId: string;
	readonly dataSourceId: string;
	/** ISO 8601 UTC with milliseconds. */
	readonly timestamp: string;
	readonly values: SentPoint["values"];
	readonly metadata: Readonly<Record<string, unknown>>;
	readonly createdAt: string;
}

/** The state on which a response depends. */
export interface ApiState {
	readonly account: Account;
	readonly usage: Usage | undefined;
	/** Calls per month of the organization's plan. */
	readonly plan: number;
	/** Milliseconds of Unix time. */
	readonly now: number;
	/** Generates an id. */
	makeId(): string;
}

/** A response and the changes of state that go with it; the caller applies them. */
export interface ApiOutcome {
	readonly response: ApiResponse;
	readonly usage: Usage;
	readonly points: readonly DataPoint[];
	/** A data source that was created. */
	readonly source?: { readonly bucketId: string; readonly source: DataSource };
}

/** A response without the common headers, and the changes of state. */
type RouteResult = Pick<ApiOutcome, "source"> & {
	readonly status: number;
	readonly body: unknown;
	readonly headers?: ApiResponse["headers"];
	readonly points?: readonly DataPoint[];
};

interface Call {
	readonly request: ApiRequest;
	readonly service: ApiState;
	readonly key: ApiKey;
	/** The id in the path, if any. */
	readonly bucketId: string;
}

interface Route {
	readonly path: RegExp;
	readonly methods: Readonly<Record<string, (call: Call) => RouteResult>>;
}

const routes: readonly Route[] = [
	{ path: /^\/api\/data$/, methods: { POST: (call) => ingest(call, checkSingle) } },
	{ path: /^\/api\/data\/batch$/, methods: { POST: (call) => ingest(call, checkBatch) } },
	{ path: /^\/api\/buckets\/([^/]+)\/sources$/, methods: { GET: listSources, POST: createSource } },
];

/** Handles a request. */
export function handleApiRequest(request: ApiRequest, service: ApiState): ApiOutcome {
	const before = usageAt(service.usage, service.now);
	const { result, counted } = dispatch(request, service, before);
	const usage = counted ? { ...before, calls: before.calls + 1 } : before;
	const { status, body, headers, points = [], source } = result;
	const limits = quotaHeaders(quotaStatus(usage, service.plan, service.now));
	return {
		response: { status, headers: { ...limits, ...headers }, body },
		usage,
		points,
		...(source === undefined ? {} : { source }),
	};
}

/** A call counts if its key is valid and the plan is not exhausted. */
function dispatch(
	request: ApiRequest,
	service: ApiState,
	usage: Usage,
): { result: RouteResult; counted: boolean } {
	const [path = ""] = request.path.split("?");
	const route = routes.find((candidate) => candidate.path.test(path));
	if (route === undefined) return refused(errorResult(404, "Not found"));
	const handle = Object.hasOwn(route.methods, request.method) ? route.methods[request.method] : undefined;
	if (handle === undefined) {
		const headers = { Allow: Object.keys(route.methods).join(", ") };
		return refused({ ...errorResult(405, `${request.method} is not possible here`), headers });
	}
	if (request.key === undefined || request.key === "")
		return refused(errorResult(401, "API key is required"));
	const key = findKey(service.account, request.key);
	if (key === undefined) return refused(errorResult(401, "Invalid API key"));
	const { remaining, reset } = quotaStatus(usage, service.plan, service.now);
	if (remaining === 0)
		return refused(errorResult(429, `Rate limit exceeded. Resets at ${new Date(reset).toISOString()}`));
	const [, bucketId = ""] = route.path.exec(path) ?? [];
	return { result: handle({ request, service, key, bucketId }), counted: true };
}

function refused(result: RouteResult) {
	return { result, counted: false };
}

function ingest(call: Call, check: (body: unknown) => ValidationResult<SentPoints>): RouteResult {
	const { service, key } = call;
	if (key.type === "read") return errorResult(403, "A read key cannot store data");
	const body = readJson(call.request);
	if ("status" in body) return body;
	const checked = check(body.json);
	if ("details" in checked) return errorResult(400, "Validation failed", checked.details);
	const { bucketId, points } = checked.value;
	const bucket = openBucket(call, bucketId);
	if ("status" in bucket) return bucket;
	if (points.some(({ dataSourceId }) => !bucket.sources.some(({ _id }) => _id === dataSourceId)))
		return errorResult(404, "Data source not found");
	const stored = points.map((point) => dataPoint(point, bucketId, service));
	const [only] = stored;
	const created =
		check === checkSingle
			? { message: "Data point stored", dataPoint: only }
			: { message: `Batch of ${stored.length} data points stored`, count: stored.length };
	return { status: 201, body: created, points: stored };
}

function dataPoint(sent: SentPoint, bucketId: string, { now, makeId }: ApiState): DataPoint {
	return {
		_id: makeId(),
		bucketId,
		dataSourceId: sent.dataSourceId,
		timestamp: new Date(sent.timestamp ?? now).toISOString(),
		values: sent.values,
		metadata: sent.metadata ?? {},
		createdAt: new Date(now).toISOString(),
	};
}

function listSources(call: Call): RouteResult {
	const bucket = openBucket(call, call.bucketId);
	return "status" in bucket ? bucket : { status: 200, body: { dataSources: bucket.sources } };
}

function createSource(call: Call): RouteResult {
	const { service, key, bucketId } = call;
	if (key.type === "read") return errorResult(403, "A read key cannot create data sources");
	const bucket = openBucket(call, bucketId);
	if ("status" in bucket) return bucket;
	const body = readJson(call.request);
	if ("status" in body) return body;
	const checked = checkSource(body.json);
	if ("details" in checked) return errorResult(400, "Validation failed", checked.details);
	const createdAt = new Date(service.now).toISOString();
	const source: DataSource = {
		_id: service.makeId(),
		...checked.value,
		status: "active",
		createdAt,
		updatedAt: createdAt,
	};
	return {
		status: 201,
		body: { message: "Data source created", dataSource: source },
		source: { bucketId: bucket._id, source },
	};
}

/** Finds a bucket to which the key has access. */
function openBucket({ service, key }: Call, id: string): Bucket | RouteResult {
	const bucket = isId(id) ? findBucket(service.account, id) : undefined;
	if (bucket === undefined) return errorResult(404, "Bucket not found");
	if (key.type !== "admin" && key.bucketId !== bucket._id)
		return errorResult(403, "API key does not have access to this bucket");
	return bucket;
}

function readJson({ body, contentType }: ApiRequest): { readonly json: unknown } | RouteResult {
	if (body === undefined) return errorResult(413, "Request body is too large");
	const [type = ""] = (contentType ?? "").split(";");
	if (type.trim().toLowerCase() !== "application/json")
		return errorResult(400, "Content-Type must be application/json");
	try {
		// Invalid UTF-8 is not JSON (RFC 8259 section 8.1).
		return { json: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) };
	} catch {
		return errorResult(400, "Invalid JSON");
	}
}

function errorResult(status: number, message: string, details?: readonly Detail[]): RouteResult {
	const body = { error: STATUS_CODES[status] ?? "Error", message };
	return { status, body: details === undefined ? body : { ...body, details } };
}
