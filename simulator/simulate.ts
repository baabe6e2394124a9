import { parseArgs } from "node:util";
import { Chance } from "./life/chance";
import { Life } from "./life/life";
import { makeScenario } from "./life/scenario";

const help = `The whole firmware on a simulated board, in virtual time: a made-up life in which radio, network, time servers,
service, sensor and power fail. Everything that arrives is held against what was measured.

npm run simulate -- [options]

  --seed N     which life (default 1); the same seed is the same life, line by line
  --days N     how long it is (default 7)
  --lives N    that many lives, from the seed on (default 1)
  --log        what the board logs
  --help       this text
`;

const { values } = parseArgs({
	options: {
		seed: { type: "string", default: "1" },
		days: { type: "string", default: "7" },
		lives: { type: "string", default: "1" },
		log: { type: "boolean", default: false },
		help: { type: "boolean", short: "h", default: false },
	},
});
if (values.help) process.stdout.write(help);
else
	await simulate(whole("--seed", values.seed), whole("--days", values.days), whole("--lives", values.lives));

async function simulate(first: number, days: number, lives: number): Promise<void> {
	for (let seed = first; seed < first + lives; seed++) {
		const scenario = makeScenario(seed, days, new Chance(seed));
		try {
			const report = await new Life({ scenario, ...(values.log ? { log: print } : {}) }).run();
			process.stdout.write(`seed ${seed}: ${Object.entries(report).map(told).join(", ")}\n`);
		} catch (error) {
			process.stdout.write(`seed ${seed}: ${String(error)}\n`);
			for (const { from, to, ...trouble } of scenario.troubles)
				process.stdout.write(
					`  ${at(scenario.startedAt + from)} to ${at(scenario.startedAt + to)} ${JSON.stringify(trouble)}\n`,
				);
			process.exitCode = 1;
		}
	}
}

function told([name, value]: [string, number]): string {
	if (name === "longestDelay") return `longest delay ${(value / 3_600_000).toFixed(1)} h`;
	return `${name} ${value}`;
}

function print(utc: number, line: string): void {
	process.stdout.write(`${at(utc)}  ${line}\n`);
}

function at(utc: number): string {
	return new Date(utc).toISOString();
}

function whole(option: string, given: string): number {
	const value = Number(given);
	if (Number.isInteger(value) && value > 0) return value;
	process.stderr.write(`${option} takes a whole number from 1 on, not "${given}".\n`);
	process.exit(2);
}
