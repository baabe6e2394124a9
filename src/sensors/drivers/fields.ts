import type { Field } from "../../reading/reading";

// What sensors measure, by the same name, unit and decimals whatever chip measures it. A driver whose chip resolves
// less or more than these decimals has its own.

export const temperature: Field = Object.freeze({ name: "temperature", unit: "celsius", decimals: 2 });
export const humidity: Field = Object.freeze({ name: "humidity", unit: "percent", decimals: 1 });
/** As the weather report has it. */
export const pressure: Field = Object.freeze({ name: "pressure", unit: "hPa", decimals: 2 });
export const co2: Field = Object.freeze({ name: "co2", unit: "ppm", decimals: 0 });
export const illuminance: Field = Object.freeze({ name: "illuminance", unit: "lux", decimals: 1 });
export const voltage: Field = Object.freeze({ name: "voltage", unit: "volt", decimals: 3 });
export const current: Field = Object.freeze({ name: "current", unit: "milliampere", decimals: 1 });
