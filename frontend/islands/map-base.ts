// The ground: streets, parks and waters from tiles of our own, in the colours of the page; or a style of another server.
import type { FilterSpecification, LayerSpecification, StyleSpecification } from "maplibre-gl"
import { colour, font } from "./map-style"

/** What the server says of the ground: TileJSON, the address of a style, or nothing at all. */
export interface Ground {
  style?: string
  tiles?: string[]
  minzoom?: number
  maxzoom?: number
  bounds?: [number, number, number, number]
  attribution?: string
  vector_layers?: { id: string }[]
}

interface Drawn { role: string; layer: string; filter?: FilterSpecification }

// What to draw from which layer: our own tiles first, then the two schemas that most PMTiles files have.
const AREAS: Drawn[] = [
  { role: "land", layer: "land" }, { role: "sea", layer: "sea" },
  { role: "park", layer: "park" },
  { role: "park", layer: "landcover", filter: ["in", ["get", "class"], ["literal", ["grass", "wood"]]] },
  { role: "park", layer: "landuse", filter: ["in", ["get", "kind"], ["literal", ["park", "nature_reserve", "forest", "wood", "cemetery"]]] },
  { role: "water", layer: "water", filter: ["!=", ["geometry-type"], "LineString"] },
]
const COLOURS: Record<string, string> = { sea: "map-water", land: "map-block", park: "map-park", water: "map-water" }
const ROADS = ["road", "roads", "transportation"]
const NAMES = ["road", "roads", "transportation_name"]

const RANK = ["coalesce", ["get", "rank"], ["match", ["coalesce", ["get", "class"], ["get", "kind"], ""],
  ["motorway", "trunk", "primary", "highway"], 1, ["secondary", "major_road"], 2, ["tertiary", "medium_road"], 3, 4]]

/** Asks what ground there is; a map without one still shows its units. */
export async function ground(): Promise<Ground> {
  try {
    const answer = await fetch("/tiles/base.json")
    return answer.ok ? (await answer.json() as Ground) : {}
  } catch {
    return {}
  }
}

/** Gives the style to begin with. Letters are drawn from the fonts of the device: none are fetched. */
export function styleOf(at: HTMLElement, of: Ground): StyleSpecification | string {
  if (of.style) return of.style
  const layers: LayerSpecification[] = [{ id: "ground", type: "background", paint: { "background-color": colour(at, "map-land") } }]
  if (!of.tiles) return { version: 8, sources: {}, layers }
  const there = new Set((of.vector_layers ?? []).map((layer) => layer.id))
  layers.push(...AREAS.filter((a) => there.has(a.layer)).map((a) => area(at, a)))
  for (const name of ROADS.filter((n) => there.has(n))) layers.push(road(at, name))
  for (const name of NAMES.filter((n) => there.has(n))) layers.push(roadName(at, name))
  const tiles = of.tiles.map((t) => `${location.origin}${t}`)
  return {
    version: 8, layers,
    sources: { base: { type: "vector", tiles, minzoom: of.minzoom ?? 0, maxzoom: of.maxzoom ?? 14, ...(of.bounds ? { bounds: of.bounds } : {}) } },
  }
}

function area(at: HTMLElement, of: Drawn): LayerSpecification {
  return {
    id: `base-${of.role}-${of.layer}`, type: "fill", source: "base", "source-layer": of.layer, ...(of.filter ? { filter: of.filter } : {}),
    paint: { "fill-color": colour(at, COLOURS[of.role] ?? "map-land"), "fill-antialias": of.role !== "land" },
  }
}

function road(at: HTMLElement, layer: string): LayerSpecification {
  const wide = (great: number, other: number, small: number, least: number) => ["match", RANK, 1, great, 2, other, 3, small, least]
  return {
    id: `base-road-${layer}`, type: "line", source: "base", "source-layer": layer,
    layout: { "line-cap": "round", "line-join": "round", "line-sort-key": ["-", 0, RANK] as never },
    paint: {
      "line-color": colour(at, "map-road"),
      "line-width": ["interpolate", ["exponential", 1.5], ["zoom"], 9, wide(0.5, 0.2, 0, 0), 12, wide(1.8, 1.2, 0.6, 0.2), 14, wide(5, 4, 3, 2), 18, wide(34, 30, 26, 22)] as never,
    },
  }
}

/** The name runs along its street, only where the whole of it fits. */
function roadName(at: HTMLElement, layer: string): LayerSpecification {
  return {
    id: `base-name-${layer}`, type: "symbol", source: "base", "source-layer": layer, minzoom: 13,
    filter: ["all", ["has", "name"], ["any", [">=", ["zoom"], 15], ["<=", RANK, 2], ["all", [">=", ["zoom"], 14], ["<=", RANK, 3]]]] as never,
    layout: {
      "symbol-placement": "line", "text-field": ["get", "name"], "text-font": font, "symbol-spacing": 380, "text-max-angle": 28, "text-padding": 6,
      "text-size": ["interpolate", ["linear"], ["zoom"], 13, 11, 16, 13], "symbol-sort-key": RANK as never,
    },
    paint: { "text-color": colour(at, "map-label"), "text-halo-color": colour(at, "map-road"), "text-halo-width": 2.5 },
  }
}
