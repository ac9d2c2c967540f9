// Components as vector tiles: counts further off, single ones near by; shown when somebody asks for them.
import type { Map, MapGeoJSONFeature, Point, VectorTileSource } from "maplibre-gl"
import { colour, font } from "./map-style"
import { pick } from "./position"

const SHALLOWEST = 8
const DEEPEST = 18
const NEAR = 16 // where a place is chosen, components are offered from this zoom on
const LAYERS = ["things-dot", "things-count", "things-number"]
export const SINGLE = "things-dot"
export const COUNTED = "things-count"

export function drawThings(map: Map, at: HTMLElement): void {
  if (!at.dataset.thingsUrl) return
  const box = document.querySelector<HTMLElement>("[data-things-switch]")
  const choice = box?.querySelector("select")
  if (box) box.hidden = false
  show(map, at, choice ? choice.value : at.dataset.things ?? "")
  choice?.addEventListener("change", () => {
    show(map, at, choice.value)
    keep(choice.value)
  })
}

/** Shows the components of one type, of "all", or of none. */
function show(map: Map, at: HTMLElement, type: string): void {
  const known = map.getSource<VectorTileSource>("things")
  if (!type) {
    if (known) for (const id of LAYERS) map.setLayoutProperty(id, "visibility", "none")
    return
  }
  const tiles = [`${location.origin}${(at.dataset.thingsUrl ?? "").replace("/0/0/0.pbf", "/{z}/{x}/{y}.pbf")}?type=${encodeURIComponent(type)}`]
  if (known) {
    known.setTiles(tiles)
    for (const id of LAYERS) map.setLayoutProperty(id, "visibility", "visible")
    return
  }
  map.addSource("things", { type: "vector", tiles, minzoom: SHALLOWEST, maxzoom: DEEPEST })
  add(map, at)
}

function add(map: Map, at: HTMLElement): void {
  const below = map.getLayer("cases-dot") ? "cases-dot" : undefined
  const least = at.dataset.thingsNear === undefined ? SHALLOWEST : NEAR
  const fill = ["match", ["get", "status"], "due", colour(at, "due-fill"), "over", colour(at, "over-fill"), colour(at, "surface")] as never
  map.addLayer({
    id: COUNTED, type: "circle", source: "things", "source-layer": "counts", minzoom: least,
    paint: {
      "circle-color": colour(at, "surface2"), "circle-opacity": 0.9, "circle-stroke-width": 1, "circle-stroke-color": colour(at, "edge"),
      "circle-radius": ["interpolate", ["linear"], ["log10", ["max", ["get", "n"], 1]], 0, 8, 2, 13, 4, 20],
    },
  }, below)
  const short = ["concat", ["to-string", ["round", ["/", ["get", "n"], 1000]]], "k"]
  map.addLayer({
    id: "things-number", type: "symbol", source: "things", "source-layer": "counts", minzoom: least,
    layout: { "text-field": ["case", [">=", ["get", "n"], 10000], short, ["to-string", ["get", "n"]]] as never, "text-size": 11, "text-font": font, "text-allow-overlap": true },
    paint: { "text-color": colour(at, "ink2") },
  }, below)
  map.addLayer({
    id: SINGLE, type: "circle", source: "things", "source-layer": "things", minzoom: least,
    paint: {
      "circle-color": fill, "circle-stroke-width": 2, "circle-stroke-color": colour(at, "ink2"),
      "circle-radius": ["interpolate", ["linear"], ["zoom"], 15, 3, 18, 7],
    },
  }, below)
}

/** What is shown stays in the address, so that it can be shared. */
function keep(type: string): void {
  const address = new URL(location.href)
  if (type) address.searchParams.set("things", type)
  else address.searchParams.delete("things")
  history.replaceState(history.state, "", address)
}

/** The component under a point, a little around it for a finger. */
export function thingAt(map: Map, at: Point): MapGeoJSONFeature | undefined {
  if (!map.getLayer(SINGLE)) return undefined
  const reach = 8
  return map.queryRenderedFeatures([[at.x - reach, at.y - reach], [at.x + reach, at.y + reach]], { layers: [SINGLE] })[0]
}

/** Chooses a component in a form: its place is the place. */
export function chooseThing(names: string, thing: MapGeoJSONFeature): void {
  const [lon, lat] = String(thing.properties.at).split(",").map(Number)
  const input = document.querySelector<HTMLInputElement>("[name=component]")
  if (!input || lon === undefined || lat === undefined) return
  input.value = String(thing.properties.code)
  pick(names, lon, lat)
}
