import type { Account } from "../dakkio/account";
import { VirtualTime } from "../virtual-time";
import type { Ledger } from "./ledger";
import type { AccountState } from "./simulated-service";

/** The keys of the account, and the ids of its bucket and data sources: the same in every life. */
export const credentials = Object.freeze({
	write: "dakkio_w_0123456789abcdefghijklmnopqrstuv",
	read: "dakkio_r_0123456789abcdefghijklmnopqrstuv",
	unknown: "dakkio_w_vutsrqponmlkjihgfedcba9876543210",
	bucket: "65a1b2c3d4e5f60718293a4b",
	sources: ["65a1b2c3d4e5f60718293a4c", "65a1b2c3d4e5f60718293a4d"],
} as const);

/** What several lives can share: time, and one account with its plan. */
export class SharedWorld {
	readonly time = new VirtualTime();
	readonly account: Account;
	readonly accountState: AccountState = { usage: undefined, idCount: 0, excused: undefined };
	/** By device id. */
	readonly ledgers = new Map<string, Ledger>();
	/** The first violation in any life. Ends all lives after the current event. */
	failure: unknown;

	constructor(startedAt: number) {
		const createdAt = new Date(startedAt).toISOString();
		const source = (_id: string, index: number) => ({
			_id,
			name: `Board ${index + 1}`,
			type: "sensor",
			description: "",
			schema: {},
			status: "active",
			createdAt,
			updatedAt: createdAt,
		});
		this.account = {
			organization: "Lives",
			keys: [
				{ key: credentials.write, type: "write", bucketId: credentials.bucket },
				{ key: credentials.read, type: "read", bucketId: credentials.bucket },
			],
			buckets: [{ _id: credentials.bucket, name: "Weather", sources: credentials.sources.map(source) }],
		};
	}
}
