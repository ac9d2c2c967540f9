// Single cases as vector tiles: as many as a tile may hold, drawn with the sign of their status; beyond that, counts.
import type { Map, VectorTileSource } from "maplibre-gl"
import { ICONS } from "./map-marks"
import { caseLayers, colour, URGENCY } from "./map-style"

const SHALLOWEST = 11
const DEEPEST = 16
const SIZE = 22 // CSS pixels of a sign

export async function drawCases(map: Map, at: HTMLElement): Promise<void> {
  if (!at.dataset.casesUrl) return
  await signs(map, at)
  map.addSource("cases", { type: "vector", tiles: [address(at)], minzoom: SHALLOWEST, maxzoom: DEEPEST })
  // On a wall the shades tell where there are many: counts square by square could not be read.
  const layers = caseLayers(at).filter((layer) => at.dataset.legendMarks === undefined || !layer.id.startsWith("heaps"))
  for (const layer of layers) map.addLayer(layer)
}

/** Asks for the tiles in view again; those shown stay until the new ones are there. */
export function renewCases(map: Map, at: HTMLElement): void {
  map.getSource<VectorTileSource>("cases")?.setTiles([`${address(at)}?t=${Date.now()}`])
}

/** Cases are shown as they are now: while the map shows the past, only units are told. */
export function showCases(map: Map, on: boolean): void {
  for (const layer of map.getStyle().layers) {
    if ("source" in layer && layer.source === "cases") map.setLayoutProperty(layer.id, "visibility", on ? "visible" : "none")
  }
}

/** Counts the cases drawn in view by status; those in heaps are in none. */
export function casesInView(map: Map): Record<string, number> {
  const found: Record<string, number> = {}
  const layers = ["cases-dot", "cases-sign"].filter((id) => map.getLayer(id))
  if (!layers.length) return found
  const seen = new Set<string>()
  for (const f of map.queryRenderedFeatures({ layers })) {
    if (seen.has(String(f.properties.number))) continue
    seen.add(String(f.properties.number))
    const status = String(f.properties.status)
    found[status] = (found[status] ?? 0) + 1
  }
  return found
}

const address = (at: HTMLElement) => `${location.origin}${(at.dataset.casesUrl ?? "").replace("/0/0/0.pbf", "/{z}/{x}/{y}.pbf")}`

/** Draws the disc of each status with its sign, from the sprite of the page. */
async function signs(map: Map, at: HTMLElement): Promise<void> {
  const text = await (await fetch(at.dataset.icons ?? "")).text()
  const sprite = new DOMParser().parseFromString(text, "image/svg+xml")
  const ratio = Math.max(2, Math.ceil(devicePixelRatio))
  await Promise.all(URGENCY.map(async (status) => {
    const inner = sprite.getElementById(ICONS[status] ?? "map-pin")?.innerHTML ?? ""
    const ink = colour(at, status === "due" ? "on-due" : "on-fill")
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${SIZE * ratio}" height="${SIZE * ratio}" viewBox="0 0 22 22">` +
      `<circle cx="11" cy="11" r="9.5" fill="${colour(at, `${status}-fill`)}" stroke="${colour(at, "surface")}" stroke-width="1.5"/>` +
      `<g transform="translate(5 5) scale(.5)" fill="none" stroke="${ink}" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round">${inner}</g></svg>`
    const image = new Image(SIZE * ratio, SIZE * ratio)
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`
    await image.decode()
    if (!map.hasImage(`sign-${status}`)) map.addImage(`sign-${status}`, image, { pixelRatio: ratio })
  }))
}
