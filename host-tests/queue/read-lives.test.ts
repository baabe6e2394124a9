import { expect, test } from "vitest";
import { live as liveLog } from "./failing-log";
import { live as liveFlipped } from "./flipped-reads";
import { live as liveHidden } from "./hidden-sectors";
import { live as liveLost } from "./lost-sectors";
import { failedLives } from "./random-lives";
import { live as liveSkipped } from "./skipped-numbers";

test.each([
	["an acknowledgement takes no reading that could not be read", liveLog],
	["a newer sector that cannot be read is not hidden", liveHidden],
	["what is lost with erased sectors is counted", liveLost],
	["readings behind skipped numbers are pending", liveSkipped],
	["a bit that is read wrong once costs no record", liveFlipped],
])("random lives: %s", (_, live) => {
	expect(failedLives({ short: 100, long: 20_000 }, live)).toEqual([]);
});
