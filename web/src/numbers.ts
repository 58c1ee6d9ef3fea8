// Numbers as they are read: times, shares, figures.

export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds + 1e-6));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number: number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

// Seconds in which something is heard; to the nearest ones, as the server writes them.
export function span(start_s: number, end_s: number): string {
  return `${clock(Math.round(start_s))}–${clock(Math.round(end_s))}`;
}

export function percent(share: number): string {
  const hundredth = 100 * share;
  if (hundredth > 0 && hundredth < 0.1) return "< 0.1\u00a0%";
  return `${hundredth < 9.95 && hundredth > 0 ? hundredth.toFixed(1) : Math.round(hundredth)}\u00a0%`;
}

export function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
}

// Between 0 and 1.
export function bounded(value: number, low = 0, high = 1): number {
  return Math.min(high, Math.max(low, value));
}

// Marks of a time axis: about so many, at round seconds.
export function ticks(duration_s: number, about: number): number[] {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
  const step = steps.find((each) => duration_s / each <= about) ?? 7200;
  return Array.from({ length: Math.floor(duration_s / step) + 1 }, (_, n) => n * step);
}
