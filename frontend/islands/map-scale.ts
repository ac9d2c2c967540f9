// Edges between the five shades: quintiles, so that each shade is used. Equal values share a shade.
export function quantiles(values: number[], shades = 5): number[] {
  const known = values.filter(Number.isFinite).sort((a, b) => a - b)
  if (!known.length) return []
  const edges: number[] = []
  for (let i = 1; i < shades; i++) {
    const edge = known[Math.floor((known.length * i) / shades)] ?? 0
    if (edge > (edges.at(-1) ?? known[0] ?? 0)) edges.push(edge)
  }
  return edges
}
