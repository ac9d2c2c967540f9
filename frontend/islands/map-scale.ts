// Edges between the five shades. Round numbers, so that the legend can be read; equal values share a shade.
const SHADES = 5
const FEW = 8 // so few units are told apart by even steps; more of them so that each shade is used

export function edges(values: number[]): number[] {
  const known = values.filter(Number.isFinite).sort((a, b) => a - b)
  const least = known[0]
  const most = known.at(-1)
  if (least === undefined || most === undefined) return []
  const found = known.length <= FEW ? even(least, most) : quantiles(known)
  return [...new Set(found)].filter((edge) => edge > least && edge <= most)
}

function even(least: number, most: number): number[] {
  const step = (most - least) / SHADES
  const unit = 10 ** Math.floor(Math.log10(step || 1))
  const wide = [1, 2, 2.5, 5, 10].map((n) => n * unit).find((n) => n >= step) ?? unit * 10
  const apart = most > 10 ? Math.max(1, Math.round(wide)) : wide
  const from = Math.floor(least / apart) * apart
  return Array.from({ length: SHADES - 1 }, (_, i) => tidy(from + (i + 1) * apart))
}

function quantiles(known: number[]): number[] {
  return Array.from({ length: SHADES - 1 }, (_, i) => round(known[Math.floor((known.length * (i + 1)) / SHADES)] ?? 0))
}

/** Two figures are enough for the eye. */
function round(n: number): number {
  if (Math.abs(n) < 10) return tidy(n)
  const unit = 10 ** (Math.floor(Math.log10(n)) - 1)
  return Math.round(n / unit) * unit
}

const tidy = (n: number) => Number(n.toPrecision(6))
