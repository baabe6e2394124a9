export { crc24 } from "checksum";
