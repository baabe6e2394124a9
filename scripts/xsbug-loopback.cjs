// Loaded before the SDK's xsbug-log, which listens on every address of the computer: only loopback is wanted.
const { Server } = require("node:net");

const { listen } = Server.prototype;
Server.prototype.listen = function (port, callback) {
	return listen.call(this, { port: Number(port), host: "127.0.0.1" }, callback);
};
