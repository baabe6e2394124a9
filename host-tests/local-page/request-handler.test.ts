import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LogRing } from "../../src/common/log-ring";
import type { ServerRequest, ServerResponse } from "../../src/http/server-messages";
import type { LocalStatus } from "../../src/local-page/local-status";
import { metricLines } from "../../src/local-page/metrics";
import { localPage } from "../../src/local-page/page-data";
import { handleLocalRequest, type LocalPageBackend } from "../../src/local-page/request-handler";

const status: LocalStatus = {
	device: { id: "ESP32-A1B2C3", location: "Balcony", chip: "esp32c3", firmwareVersion: "0.2.0" },
	update: { offered: "0.3.0", failed: null, isOnTrial: false },
	utc: Date.UTC(2026, 10, 26),
	boot: {
		number: 7,
		resetReason: "brown-out",
		uptimeMs: 3_723_456,
		resetCounts: { "power-on": 6, "brown-out": 1 },
	},
	freeMemoryBytes: 71_234,
	signalStrength: -58,
	batteryLevel: 0,
	sample: {
		ageMs: 1_500,
		values: [
			{ name: "temperature", unit: "celsius", value: -3.5 },
			{ name: "door", unit: "", value: true },
			{ name: "text", unit: "", value: "open" },
			{ name: "humidity", unit: "percent", value: null },
		],
	},
	readings: { pending: 3, capacity: 50_000, overwritten: 2, quarantined: 1 },
	damagedFlashBytes: 0,
	upload: { state: "settings fault", last: { ageMs: 60_000, failure: "401: the key is unknown" } },
	calls: { limit: 10_000, remaining: 9_000, resetUtc: Date.UTC(2026, 11, 1) },
};

const board: LocalPageBackend = {
	names: ["192.168.1.7", "dakkio-a1b2.local"],
	pagePort: 80,
	localStatus: () => status,
	history: () => [
		{ name: "temperature", unit: "celsius", decimals: 1, values: Float32Array.of(Number.NaN, -3.5) },
		{ name: 'a "b"', unit: "", decimals: 0, values: Float32Array.of(1, 2) },
	],
	ownLogLines: () => {
		const ring = new LogRing();
		ring.add(0, "dakkio-esp32 0.2.0");
		ring.add(61_000, "reading 1: größer; stored");
		return ring.lines();
	},
};

function request(path: string, given: Partial<ServerRequest> = {}): ServerRequest {
	return { method: "GET", path, host: "192.168.1.7", headers: new Map(), body: "", ...given };
}

function bodyOf({ body }: ServerResponse): Buffer {
	if (body === undefined) return Buffer.alloc(0);
	// In pieces of odd sizes, as a socket takes it.
	const bytes = Buffer.alloc(body.length);
	for (let at = 0; at < bytes.length; ) at += body.read(bytes.subarray(at, at + 7));
	return bytes;
}

const textOf = (response: ServerResponse) => bodyOf(response).toString("utf8");
const get = (path: string) => handleLocalRequest(request(path), board);
const paths = ["/", "/api/status", "/api/history", "/api/log", "/metrics", "/favicon.ico"];

describe("what is served", () => {
	test("the page, compressed, and 304 to a browser that has it", () => {
		const page = get("/");
		expect(bodyOf(page).equals(Buffer.from(localPage.gzip))).toBe(true);
		expect(new Map(page.headers).get("Content-Encoding")).toBe("gzip");
		const headers = new Map([["if-none-match", localPage.etag]]);
		const again = handleLocalRequest(request("/", { headers }), board);
		expect([again.status, again.body]).toEqual([304, undefined]);
	});

	test("status, history and log", () => {
		expect(JSON.parse(textOf(get("/api/status")))).toEqual(status);
		expect(JSON.parse(textOf(get("/api/history")))).toEqual({
			stepMs: 900_000,
			fields: [
				{ name: "temperature", unit: "celsius", values: [null, -3.5] },
				{ name: 'a "b"', unit: "", values: [1, 2] },
			],
		});
		expect(textOf(get("/api/log"))).toBe("0 dakkio-esp32 0.2.0\n61 reading 1: größer; stored\n");
		expect(get("/favicon.ico").status).toBe(404);
	});
});

test("without a field yet, the history is empty JSON", () => {
	const response = handleLocalRequest(request("/api/history"), { ...board, history: () => [] });
	expect(JSON.parse(textOf(response))).toEqual({ stepMs: 900_000, fields: [] });
});

describe("who may ask, and for what", () => {
	test.each(["192.168.1.7", "192.168.1.7:80", "dakkio-a1b2.local", "Dakkio-A1B2.LOCAL:80"])(
		"host %s",
		(host) => {
			for (const path of paths)
				expect(handleLocalRequest(request(path, { host }), board).status).toBeLessThan(405);
		},
	);

	test.each([
		"evil.example",
		"192.168.1.7:8080",
		"dakkio-a1b2",
		"192.168.1.7.evil.example",
		"",
		"a:80:80",
		"localhost",
	])("not host %s: a name may be rebound to the board's address", (host) => {
		for (const path of paths) expect(handleLocalRequest(request(path, { host }), board).status).toBe(421);
	});

	test("a request without a host is refused", () => {
		expect(handleLocalRequest(request("/", { host: undefined }), board).status).toBe(400);
	});

	test("with another port, only with that port", () => {
		const virtual = { ...board, pagePort: 8180 };
		expect(handleLocalRequest(request("/", { host: "192.168.1.7:8180" }), virtual).status).toBe(200);
		expect(handleLocalRequest(request("/", { host: "192.168.1.7" }), virtual).status).toBe(421);
	});

	test("no method but GET and HEAD, on no path: nothing can be changed", () => {
		const method = fc.oneof(
			fc.constantFrom("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", ""),
			fc.string(),
		);
		const path = fc.oneof(fc.constantFrom(...paths, "/api/save", "/api/restart"), fc.webPath());
		fc.assert(
			fc.property(method, path, (made, where) => {
				fc.pre(made !== "GET" && made !== "HEAD");
				const response = handleLocalRequest(request(where, { method: made }), board);
				expect(response.status).toBe(405);
				expect(new Map(response.headers).get("Allow")).toBe("GET, HEAD");
			}),
		);
	});

	test("every response has the security headers, and none is shared across origins", () => {
		const responses = [
			...paths.map(get),
			handleLocalRequest(request("/", { method: "POST" }), board),
			handleLocalRequest(request("/", { host: "evil.example" }), board),
		];
		for (const { headers } of responses) {
			const named = new Map(headers.map(([name, value]) => [name.toLowerCase(), value]));
			expect(named.get("x-content-type-options")).toBe("nosniff");
			expect(named.get("x-frame-options")).toBe("DENY");
			expect(named.get("cross-origin-resource-policy")).toBe("same-origin");
			expect(named.get("content-security-policy")).toMatch(/^default-src 'none';.*frame-ancestors 'none'/);
			expect([...named.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
		}
	});
});

/** A strict reader of the Prometheus text format 0.0.4. */
function parseMetrics(text: string) {
	const families = new Map<string, { type: string; help: string; samples: Map<string, number> }>();
	let family = "";
	const label = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|$)/;
	for (const line of text.slice(0, -1).split("\n")) {
		const [, kind, name = "", rest = ""] = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line) ?? [];
		if (kind === "HELP") {
			expect(families.has(name)).toBe(false);
			family = name;
			families.set(name, { type: "", help: rest, samples: new Map() });
		} else if (kind === "TYPE") {
			expect([name, families.get(name)?.samples.size]).toEqual([family, 0]);
			expect(["counter", "gauge"]).toContain(rest);
			families.set(name, { type: rest, help: families.get(name)?.help ?? "", samples: new Map() });
		} else {
			const [, sample = "", , labels = "", value = ""] =
				/^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(.*)\})? (-?\d+(?:\.\d+)?(?:e[+-]\d+)?)$/s.exec(line) ?? [line];
			expect(sample).toBe(family);
			for (let rest = labels; rest !== ""; ) {
				const [whole] = label.exec(rest) ?? expect.fail(`a bad label: ${rest}`);
				rest = rest.slice(whole.length);
			}
			const { samples } = families.get(family) ?? expect.fail(`no family ${family}`);
			expect(samples.has(labels)).toBe(false);
			samples.set(labels, Number(value));
		}
	}
	return families;
}

describe("the metrics", () => {
	test("have name, type, unit and value as Prometheus wants them", () => {
		const response = get("/metrics");
		expect(new Map(response.headers).get("Content-Type")).toBe("text/plain; version=0.0.4; charset=utf-8");
		const text = textOf(response);
		expect(text.endsWith("\n")).toBe(true);
		const metrics = parseMetrics(text);
		const shown = [...metrics].flatMap(([name, { type, samples }]) =>
			[...samples].map(([labels, value]) => `${type} ${name}${labels === "" ? "" : `{${labels}}`} ${value}`),
		);
		expect(shown).toEqual([
			'gauge dakkio_info{device="ESP32-A1B2C3",location="Balcony",chip="esp32c3",version="0.2.0"} 1',
			'gauge dakkio_update_offered{version="0.3.0"} 1',
			"gauge dakkio_update_failed 0",
			"gauge dakkio_update_on_trial 0",
			'gauge dakkio_value{field="temperature",unit="celsius"} -3.5',
			'gauge dakkio_value{field="door",unit=""} 1',
			"gauge dakkio_sample_age_seconds 1.5",
			"gauge dakkio_readings_pending 3",
			"gauge dakkio_readings_capacity 50000",
			"counter dakkio_readings_overwritten_total 2",
			"gauge dakkio_readings_quarantined 1",
			"gauge dakkio_flash_damaged_bytes 0",
			"gauge dakkio_upload_failed 1",
			"gauge dakkio_upload_age_seconds 60",
			"gauge dakkio_plan_calls_limit 10000",
			"gauge dakkio_plan_calls_remaining 9000",
			"gauge dakkio_wifi_signal_dbm -58",
			"gauge dakkio_uptime_seconds 3723.456",
			'counter dakkio_boots_total{reason="power-on"} 6',
			'counter dakkio_boots_total{reason="brown-out"} 1',
			"gauge dakkio_memory_free_bytes 71234",
			"gauge dakkio_battery_ratio 0",
		]);
		// Counters end in _total, and nothing else does.
		for (const [name, { type }] of metrics) expect(name.endsWith("_total")).toBe(type === "counter");
	});

	test("a board that knows little yet leaves metrics out", () => {
		const young: LocalStatus = {
			...status,
			...{ utc: null, freeMemoryBytes: null, signalStrength: null, batteryLevel: null, sample: null },
			upload: { state: "settings incomplete", last: null },
		};
		const names = [...parseMetrics([...metricLines(young)].join("")).keys()];
		expect(names).not.toContain("dakkio_value");
		expect(names).not.toContain("dakkio_battery_ratio");
		expect(names).not.toContain("dakkio_upload_failed");
		expect(names).toContain("dakkio_uptime_seconds");
	});

	test("any text in a label can be read back", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary" }), (location) => {
				const named = { ...status, device: { ...status.device, location } };
				const [first = ""] = [...parseMetrics([...metricLines(named)].join("")).values()];
				const labels = first === "" ? "" : ([...first.samples.keys()][0] ?? "");
				const escaped = /location="((?:[^"\\]|\\.)*)"/s.exec(labels)?.[1] ?? "";
				const unescaped = escaped.replace(/\\(.)/gs, (_, code: string) => (code === "n" ? "\n" : code));
				expect(unescaped).toBe(location);
			}),
		);
	});
});
