import { parseArguments } from "../simulator/command-line";
import { makeReleaseKey, privateKeyFile } from "./release-key-files";
import { main } from "./sdk";

const help = `Makes the key that signs updates: the private half in the user's configuration folder, the public half in
release-key.pub.pem, which builds contain. An existing key is never overwritten.

npm run release-key
`;

await main(async () => {
	const { values } = parseArguments({ options: { help: { type: "boolean", short: "h" } } });
	process.stdout.write(values.help === true ? help : makeReleaseKey(privateKeyFile()));
});
