import type { Network, Time, Timer } from "../boards/board";
import type { UDP } from "../boards/ecma419";
import {
	addressData,
	addressMessage,
	legacyMessage,
	type MdnsMessage,
	type MdnsRecord,
	noSuchRecordMessage,
	parseMdnsMessage,
	probeMessage,
	recordTtlS,
	recordType,
} from "./mdns-message";

export interface MdnsResponderOptions {
	readonly network: Pick<Network, "UDP">;
	readonly time: Time;
	/** The name to claim, a label in lower case; on conflicts, `-2`, `-3`, … are appended. */
	readonly host: string;
	/** Of the board, IPv4. */
	readonly address: string;
	/** Delay before the first probe, 0 to 250 ms; different on each board, to avoid collisions. */
	readonly startDelayMs: number;
	/** The name was claimed, at first or after a conflict. */
	onClaimed(host: string): void;
	/** The socket failed: no more responses. */
	onSocketError(error: Error | undefined): void;
}

export const mdnsGroup = "224.0.0.251";
export const mdnsPort = 5353;
/** Per turn of the event loop: a flood must not block the board. */
const maxPacketsPerTurn = 8;
/** RFC 6762 section 8.1. */
const probeCount = 3;
const probeIntervalMs = 250;
const maxFastConflicts = 15;
const conflictDelayMs = 5_000;
/** After a lost tie-break (section 8.2), and between two announcements (section 8.3). */
const secondMs = 1_000;
/** Between two multicasts of the record (section 6), and to a host that probes the name. */
const minRepeatMs = 1_000;
const minDefenceMs = 250;
/** A unicast response is sent only if the record was multicast within a quarter of its TTL (section 5.4). */
const maxUnicastMs = (recordTtlS * 1000) / 4;

/** Answers for `<host>.local` on the local network: Multicast DNS (RFC 6762) for one name and one address. */
export class MdnsResponder {
	private readonly options: MdnsResponderOptions;
	private readonly socket: UDP;
	private _host: string;
	private isClaimed = false;
	private probesSent = 0;
	private conflicts = 0;
	private timer: Timer | undefined;
	private multicastAtTicks = Number.NEGATIVE_INFINITY;

	constructor(options: MdnsResponderOptions) {
		this.options = options;
		this._host = options.host;
		this.socket = new options.network.UDP({
			port: mdnsPort,
			multicast: mdnsGroup,
			onReadable: () => this.receive(),
			onError: (error) => {
				options.time.clear(this.timer);
				options.onSocketError(error);
			},
		});
		this.probeAfter(options.startDelayMs);
	}

	/** The claimed name, or the next one to claim. */
	get host(): string {
		return this._host;
	}

	/** Releases the name. */
	close(): void {
		this.options.time.clear(this.timer);
		if (this.isClaimed) this.multicast(addressMessage(this._host, this.options.address, 0));
		this.socket.close();
	}

	private probeAfter(delay: number): void {
		this.isClaimed = false;
		this.probesSent = 0;
		this.schedule(() => this.probe(), delay);
	}

	private probe(): void {
		const { address } = this.options;
		if (this.probesSent++ < probeCount) {
			this.multicast(probeMessage(this._host, address));
			this.schedule(() => this.probe(), probeIntervalMs);
			return;
		}
		this.isClaimed = true;
		this.options.onClaimed(this._host);
		this.announce();
		this.schedule(() => this.announce(), secondMs);
	}

	private announce(): void {
		this.multicastAtTicks = this.options.time.ticks();
		this.multicast(addressMessage(this._host, this.options.address));
	}

	private receive(): void {
		for (let count = 0; count < maxPacketsPerTurn; count++) {
			const packet = this.socket.read();
			if (packet === undefined) return;
			const message = parseMdnsMessage(new Uint8Array(packet), this._host);
			if (message === undefined) continue;
			// Responses from another port must be ignored (section 6).
			if (!message.isResponse) this.onQuery(message, packet.address, packet.port);
			else if (packet.port === mdnsPort) this.onResponse(message);
		}
	}

	/** A conflict: a claimed name is probed again (section 9); while probing, the next name is tried (section 8.1). */
	private onResponse({ answers, authorities, additionals }: MdnsMessage): void {
		const conflicting = [...answers, ...authorities, ...additionals].some(
			(record) =>
				record.ttlS > 0 &&
				((record.type === recordType.A && !this.isOwn(record)) ||
					(record.type === recordType.AAAA && !this.isClaimed)),
		);
		if (!conflicting) return;
		const delay = ++this.conflicts >= maxFastConflicts ? conflictDelayMs : 0;
		if (!this.isClaimed) this._host = nextName(this._host, this.options.host);
		this.probeAfter(delay);
	}

	private onQuery(message: MdnsMessage, address: string, port: number): void {
		const { questions, authorities, answers } = message;
		const [question] = questions;
		if (question === undefined) return;
		if (!this.isClaimed) {
			// Another host probes the same name: the greater data wins, the loser waits a second (section 8.2).
			if (this.probesSent > 0 && authorities.length > 0 && this.loses(authorities)) this.probeAfter(secondMs);
			return;
		}
		const own = this.options.address;
		if (port !== mdnsPort) {
			this.send(legacyMessage(this._host, own, message.id, question.type), address, port);
			return;
		}
		const wantsAddress = questions.some(({ type }) => type === recordType.A || type === recordType.any);
		// Known-answer suppression: at least half of the TTL remains (section 7.1).
		if (wantsAddress && answers.some((record) => this.isOwn(record) && record.ttlS >= recordTtlS / 2)) return;
		const response = wantsAddress ? addressMessage(this._host, own) : noSuchRecordMessage(this._host, own);
		const now = this.options.time.ticks();
		const since = now - this.multicastAtTicks;
		const isProbe = authorities.length > 0;
		if (!isProbe && questions.every(({ wantsUnicast }) => wantsUnicast) && since < maxUnicastMs)
			this.send(response, address, port);
		else if (since >= (isProbe ? minDefenceMs : minRepeatMs)) {
			this.multicastAtTicks = now;
			this.multicast(response);
		}
	}

	private isOwn({ type, data }: MdnsRecord): boolean {
		return type === recordType.A && data.join() === addressData(this.options.address).join();
	}

	/** Compares by type, then data: this host has only one record, so the smallest of the others decides. */
	private loses(others: readonly MdnsRecord[]): boolean {
		const own = [recordType.A, ...addressData(this.options.address)];
		const keys = others.map(({ type, data }) => [type, ...data]);
		const [least = own] = keys.sort(compare);
		const order = compare(own, least);
		return order < 0 || (order === 0 && keys.length > 1);
	}

	private multicast(message: Uint8Array): void {
		this.send(message, mdnsGroup, mdnsPort);
	}

	/** A response that cannot be sent is dropped: the client asks again. */
	private send(message: Uint8Array, address: string, port: number): void {
		try {
			this.socket.write(message, address, port);
		} catch {}
	}

	private schedule(callback: () => void, delay: number): void {
		const { time } = this.options;
		time.clear(this.timer);
		this.timer = time.set(callback, delay);
	}
}

/** `dakkio-1234`, `dakkio-1234-2`, `dakkio-1234-3`, … */
function nextName(host: string, base: string): string {
	return `${base}-${Number(host.slice(base.length + 1) || 1) + 1}`;
}

function compare(one: readonly number[], other: readonly number[]): number {
	for (let i = 0; i < Math.min(one.length, other.length); i++) {
		const difference = (one[i] ?? 0) - (other[i] ?? 0);
		if (difference !== 0) return difference;
	}
	return one.length - other.length;
}
