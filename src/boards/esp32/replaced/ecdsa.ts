/** As little as `dsa`. */
export { default } from "./dsa";
