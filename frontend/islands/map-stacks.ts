// Marks too close together to be told apart, or hit with a finger, stand as one.

const APART = 28 // pixels between two marks: a target of 24 with air around it (WCAG 2.5.8)

export type Stack = [GeoJSON.Feature, ...GeoJSON.Feature[]]
interface Spot { x: number; y: number }

/** Groups marks by where they fall; the first of each, the most pressing, says where the stack stands. */
export function stacks(marks: GeoJSON.Feature[], project: (of: GeoJSON.Feature) => Spot): Stack[] {
  const laid: { spot: Spot; stack: Stack }[] = []
  for (const of of marks) {
    const spot = project(of)
    const near = laid.find((one) => Math.hypot(one.spot.x - spot.x, one.spot.y - spot.y) < APART)
    if (near) near.stack.push(of)
    else laid.push({ spot, stack: [of] })
  }
  return laid.map((one) => one.stack)
}
