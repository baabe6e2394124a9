import type { LocalStatus } from "./local-status";

/** Content type of the Prometheus text format 0.0.4. */
export const metricsType = "text/plain; version=0.0.4; charset=utf-8";

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number | null | undefined];

/** The status as Prometheus metrics in base units, line by line. Metrics without a value are omitted. */
export function* metricLines(status: LocalStatus): Generator<string> {
	const { device, boot, sample, readings, upload, calls, update } = status;
	const one = (value: number | null | undefined): readonly Sample[] => [[{}, value]];
	yield* metric("info", "gauge", "The board and its firmware.", [
		[{ device: device.id, location: device.location, chip: device.chip, version: device.firmwareVersion }, 1],
	]);
	yield* metric("update_offered", "gauge", "Whether a newer firmware is there.", [
		[{ version: update.offered ?? "" }, Number(update.offered !== null)],
	]);
	yield* metric(
		"update_failed",
		"gauge",
		"Whether an update was rolled back.",
		one(Number(update.failed !== null)),
	);
	yield* metric(
		"update_on_trial",
		"gauge",
		"Whether the firmware has yet to prove itself.",
		one(Number(update.isOnTrial)),
	);
	yield* metric(
		"value",
		"gauge",
		"Last sample of a field, in the field's unit.",
		(sample?.values ?? []).map(({ name, unit, value }) => [
			{ field: name, unit },
			typeof value === "string" || value === null ? null : Number(value),
		]),
	);
	yield* metric("sample_age_seconds", "gauge", "Time since the last sample.", one(seconds(sample?.ageMs)));
	yield* metric("readings_pending", "gauge", "Stored and not yet sent.", one(readings.pending));
	yield* metric("readings_capacity", "gauge", "Readings that the flash can hold.", one(readings.capacity));
	yield* metric(
		"readings_overwritten_total",
		"counter",
		"Lost because the flash was full.",
		one(readings.overwritten),
	);
	yield* metric("readings_quarantined", "gauge", "Refused by the service.", one(readings.quarantined));
	yield* metric("flash_damaged_bytes", "gauge", "Unreadable bytes found.", one(status.damagedFlashBytes));
	yield* metric(
		"upload_failed",
		"gauge",
		"Whether the last attempt to upload failed.",
		one(upload.last && Number(upload.last.failure !== null)),
	);
	yield* metric(
		"upload_age_seconds",
		"gauge",
		"Time since the last attempt to upload.",
		one(seconds(upload.last?.ageMs)),
	);
	yield* metric("plan_calls_limit", "gauge", "API calls a month.", one(calls.limit));
	yield* metric("plan_calls_remaining", "gauge", "API calls left this month.", one(calls.remaining));
	yield* metric("wifi_signal_dbm", "gauge", "Received signal strength.", one(status.signalStrength));
	yield* metric("uptime_seconds", "gauge", "Time since the boot began.", one(seconds(boot.uptimeMs)));
	yield* metric(
		"boots_total",
		"counter",
		"Starts by reason.",
		Object.entries(boot.resetCounts).map(([reason, count]) => [{ reason }, count]),
	);
	yield* metric("memory_free_bytes", "gauge", "Free heap of the platform.", one(status.freeMemoryBytes));
	yield* metric(
		"battery_ratio",
		"gauge",
		"Charge from 0 to 1.",
		one(status.batteryLevel && status.batteryLevel / 100),
	);
}

function* metric(
	name: string,
	type: "gauge" | "counter",
	help: string,
	samples: readonly Sample[],
): Generator<string> {
	let head = `# HELP dakkio_${name} ${help}\n# TYPE dakkio_${name} ${type}\n`;
	for (const [labels, value] of samples) {
		if (value === null || value === undefined) continue;
		const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
		yield `${head}dakkio_${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}\n`;
		head = "";
	}
}

/** Escapes backslash, quote and line feed (text format 0.0.4, "Comments, help text, and type information"). */
function escapeLabel(text: string): string {
	return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function seconds(milliseconds: number | undefined): number | undefined {
	return milliseconds === undefined ? undefined : Math.round(milliseconds) / 1000;
}
