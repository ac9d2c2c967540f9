// The look of units and marks, from the same tokens as the page.
import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl"

/** Resolves a token to a plain colour, in the theme that is on. */
export function colour(at: HTMLElement, name: string): string {
  const probe = document.createElement("i")
  probe.style.color = `var(--cl-${name})`
  at.append(probe)
  const found = getComputedStyle(probe).color
  probe.remove()
  return found
}

export const font = ["Noto Sans CJK SC", "sans-serif"]
export const SHADES = 5

/** Units are shaded at city scale; the nearer, the more of the streets beneath shows through. */
const fade = (far: number, near: number): ExpressionSpecification => ["interpolate", ["linear"], ["zoom"], 11.5, far, 13, (far + near) / 2, 15, near]

/** The colour of a unit: slate by amount where there is a `value`, else plain. */
export function unitFill(at: HTMLElement, steps: number[]): string | ExpressionSpecification {
  const plain = colour(at, "surface")
  if (!steps.length) return plain
  const ramp = steps.flatMap((edge, i) => [edge, colour(at, `amount-${i + 2}`)])
  const byAmount = ["step", ["to-number", ["get", "value"], 0], colour(at, "amount-1"), ...ramp] as never
  return ["case", ["has", "value"], byAmount, plain] as ExpressionSpecification
}

/** What a unit is labelled with: its number, and where units are few also its name. */
export function unitName(named: boolean): ExpressionSpecification {
  const number = ["to-string", ["get", "label"]]
  return (named ? ["format", ["get", "name"], { "font-scale": 0.9 }, "\n", {}, number, { "font-scale": 1.15 }] : number) as never
}

/** Units: filled under the streets, outlined above them; short labels. `ground`: streets are drawn beneath. */
export function unitLayers(at: HTMLElement, steps: number[], named: boolean, ground: boolean): LayerSpecification[] {
  const counted = steps.length > 0
  const opacity = !ground ? 1 : counted ? fade(0.96, 0.3) : 0
  const line = { "line-color": colour(at, "line2"), "line-width": ["interpolate", ["linear"], ["zoom"], 9, 0.8, 14, 1.6] as ExpressionSpecification }
  return [
    { id: "units-fill", type: "fill", source: "units", paint: { "fill-color": unitFill(at, steps), "fill-opacity": opacity } },
    { id: "units-line", type: "line", source: "units", paint: line },
    {
      id: "units-here", type: "line", source: "units", filter: ["==", ["get", "here"], true],
      paint: { "line-color": colour(at, "action"), "line-width": 3 },
    },
    {
      id: "units-label", type: "symbol", source: "labels", maxzoom: named ? 24 : 15,
      layout: {
        "text-field": unitName(named),
        ...(named ? { "text-variable-anchor": ["center", "top", "bottom", "left", "right"], "text-radial-offset": 1 } : {}),
        "text-size": Number(at.dataset.labelSize ?? 13), "text-font": font, "text-max-width": 9, "text-padding": 4, "symbol-sort-key": ["-", 0, ["to-number", ["get", "value"], 0]] as never,
      },
      paint: { "text-color": colour(at, "ink2"), "text-halo-color": colour(at, "surface"), "text-halo-width": 2 },
    },
  ]
}

export const URGENCY = ["wait", "ver", "ontime", "due", "over", "alarm"]
const urgency = ["index-of", ["get", "status"], ["literal", URGENCY]] as never

/** The fill of each status. */
export function byStatus(at: HTMLElement): ExpressionSpecification {
  const fills = URGENCY.flatMap((status) => [status, colour(at, `${status}-fill`)])
  return ["match", ["get", "status"], ...fills, colour(at, "ink3")] as never
}

/** All marks as quiet dots; the few that matter are drawn above them as links (map-marks). */
export function markLayers(at: HTMLElement): LayerSpecification[] {
  return [
    {
      id: "marks", type: "circle", source: "marks",
      layout: { "circle-sort-key": urgency },
      paint: { "circle-color": byStatus(at), "circle-radius": ["interpolate", ["linear"], ["zoom"], 9, 2.4, 14, 5], "circle-opacity": 0.7 },
    },
  ]
}

/** On a wall, cases in time are no more than a hint of how many there are. */
function quiet(at: HTMLElement): { "circle-opacity"?: ExpressionSpecification; "circle-stroke-opacity"?: number } {
  if (at.dataset.legendMarks === undefined) return {}
  return { "circle-opacity": ["match", ["get", "status"], ["wait", "ver", "ontime"], 0.45, 1], "circle-stroke-opacity": 0 }
}

/** Cases from tiles: dots further off, discs with the sign of their status near by; the worst on top. Heaps as counts. */
export function caseLayers(at: HTMLElement): LayerSpecification[] {
  const source = { source: "cases", "source-layer": "cases" } as const
  const heap = { source: "cases", "source-layer": "heaps" } as const
  return [
    {
      id: "cases-dot", type: "circle", ...source, maxzoom: 13, layout: { "circle-sort-key": urgency },
      paint: { "circle-color": byStatus(at), "circle-radius": ["interpolate", ["linear"], ["zoom"], 11, 2.4, 13, 4.5], "circle-stroke-width": 0.8, "circle-stroke-color": colour(at, "surface"), ...quiet(at) },
    },
    {
      id: "cases-sign", type: "symbol", ...source, minzoom: 13,
      layout: {
        "icon-image": ["concat", "sign-", ["get", "status"]], "icon-allow-overlap": true, "icon-ignore-placement": false, "symbol-sort-key": urgency,
        "icon-size": ["interpolate", ["linear"], ["zoom"], 13, 0.7, 15, 1],
      },
    },
    {
      id: "heaps", type: "circle", ...heap,
      paint: {
        "circle-color": colour(at, "surface"), "circle-opacity": 0.94, "circle-stroke-width": 2,
        "circle-stroke-color": ["case", [">", ["get", "over"], 0], colour(at, "over-fill"), colour(at, "ontime-fill")],
        "circle-radius": ["interpolate", ["linear"], ["get", "open"], 1, 9, 100, 14, 1000, 18],
      },
    },
    {
      id: "heaps-count", type: "symbol", ...heap,
      layout: { "text-field": ["to-string", ["get", "open"]], "text-size": 11, "text-font": font, "text-allow-overlap": true },
      paint: { "text-color": colour(at, "ink") },
    },
  ]
}
