import { join } from "node:path";
import { main, root } from "./sdk";
import { updateBoard } from "./update-command";

await main(async () => {
	process.exitCode = await updateBoard(process.argv.slice(2), join(root, "releases"));
});
