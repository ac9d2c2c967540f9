// The look of the map, from the same tokens as the page.
import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from "maplibre-gl"

/** Resolves a token to a plain colour, in the theme that is on. */
export function colour(at: HTMLElement, name: string): string {
  const probe = document.createElement("i")
  probe.style.color = `var(--cl-${name})`
  at.append(probe)
  const found = getComputedStyle(probe).color
  probe.remove()
  return found
}

const font = ["Noto Sans CJK SC", "sans-serif"]
const kind = (...names: string[]): ExpressionSpecification => ["in", ["get", "kind"], ["literal", names]]

/** Ground, water, parks, roads: features of `data-basemap-url` with a `kind`. No glyphs or sprites are fetched. */
export function basemap(at: HTMLElement): StyleSpecification {
  const ground: LayerSpecification = { id: "ground", type: "background", paint: { "background-color": colour(at, "map-land") } }
  const style: StyleSpecification = { version: 8, sources: {}, layers: [ground] }
  if (!at.dataset.basemapUrl) return style
  style.sources.base = { type: "geojson", data: new URL(at.dataset.basemapUrl, location.href).href }
  const area = (id: string, token: string): LayerSpecification => ({
    id, type: "fill", source: "base", filter: kind(id), paint: { "fill-color": colour(at, token) },
  })
  const road: LayerSpecification = {
    id: "road", type: "line", source: "base", filter: kind("road"),
    layout: { "line-cap": "round", "line-join": "round" },
    paint: { "line-color": colour(at, "map-road"), "line-width": ["interpolate", ["exponential", 1.6], ["zoom"], 11, 0.5, 14, 3, 18, 22] },
  }
  const name: LayerSpecification = {
    id: "road-name", type: "symbol", source: "base", filter: kind("road"), minzoom: 14,
    layout: { "symbol-placement": "line", "text-field": ["coalesce", ["get", "name"], ""], "text-size": 12, "text-font": font },
    paint: { "text-color": colour(at, "map-label"), "text-halo-color": colour(at, "map-road"), "text-halo-width": 3 },
  }
  style.layers.push(area("block", "map-block"), area("water", "map-water"), area("park", "map-park"), road, name)
  return style
}

/** Units: slate by amount where there is a `value`, else quiet surface; thin borders; short labels. */
export function unitLayers(at: HTMLElement, steps: number[]): LayerSpecification[] {
  const plain = colour(at, "surface")
  const ramp = steps.flatMap((edge, i) => [edge, colour(at, `amount-${i + 2}`)])
  const byAmount: ExpressionSpecification = ["step", ["to-number", ["get", "value"], 0], colour(at, "amount-1"), ...ramp] as never
  const fill = steps.length ? (["case", ["has", "value"], byAmount, plain] as ExpressionSpecification) : plain
  return [
    { id: "units-fill", type: "fill", source: "units", paint: { "fill-color": fill, "fill-opacity": at.dataset.basemapUrl ? 0.55 : 1 } },
    { id: "units-line", type: "line", source: "units", paint: { "line-color": colour(at, "line2"), "line-width": 1 } },
    {
      id: "units-here", type: "line", source: "units", filter: ["==", ["get", "here"], true],
      paint: { "line-color": colour(at, "action"), "line-width": 3 },
    },
    {
      id: "units-label", type: "symbol", source: "labels",
      layout: { "text-field": ["to-string", ["get", "label"]], "text-size": 12, "text-font": font },
      paint: { "text-color": colour(at, "ink3"), "text-halo-color": plain, "text-halo-width": 2 },
    },
  ]
}

export const URGENCY = ["wait", "ver", "ontime", "due", "over", "alarm"]

/** All marks as quiet dots; the few that matter are drawn above them as links (map-marks). */
export function markLayers(at: HTMLElement): LayerSpecification[] {
  const fills = URGENCY.flatMap((status) => [status, colour(at, `${status}-fill`)])
  return [
    {
      id: "marks", type: "circle", source: "marks",
      layout: { "circle-sort-key": ["index-of", ["get", "status"], ["literal", URGENCY]] },
      paint: {
        "circle-color": ["match", ["get", "status"], ...fills, colour(at, "ink3")] as never,
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 9, 2.4, 14, 5],
        "circle-opacity": 0.7,
      },
    },
  ]
}
