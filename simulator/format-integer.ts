/** With a comma between thousands: `1,000,000`. */
export function formatInteger(value: number): string {
	return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
}
