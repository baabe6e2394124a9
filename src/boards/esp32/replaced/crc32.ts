export { crc32 } from "checksum";
