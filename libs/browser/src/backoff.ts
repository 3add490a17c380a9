const SHORTEST_MS = 1_000
const LONGEST_MS = 30_000

/** The pause in ms before attempt `n` (from 0); `random` in [0, 1) scatters it over the upper half of its range. */
export function pause(n: number, random: number): number {
  const longest = Math.min(LONGEST_MS, SHORTEST_MS * 2 ** Math.min(n, 16))
  return Math.round(longest * (0.5 + random / 2))
}
