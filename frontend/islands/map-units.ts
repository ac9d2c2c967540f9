// Units on the map: shaded by their number, named on hover, opened by a click; new numbers change them where they stand.
import * as maplibre from "maplibre-gl"
import { edges } from "./map-scale"
import { unitFill, unitLayers, unitName } from "./map-style"

export type Collection = GeoJSON.FeatureCollection & { truncated?: boolean }
export const nothing: Collection = { type: "FeatureCollection", features: [] }
const FEW = 12 // so many units bear their names beside their numbers

/** The numbers of units by code, without their outlines. */
export interface Numbers {
  total: { open: number; over: number }
  units: Record<string, { open: number; over: number; value: number; label: string }>
}

export function drawUnits(map: maplibre.Map, at: HTMLElement, units: Collection): void {
  if (!units.features.length) return
  const steps = stepsOf(units)
  const known = [put(map, "units", units), put(map, "labels", labels(units))]
  if (known[0]) {
    map.setPaintProperty("units-fill", "fill-color", unitFill(at, steps))
    map.setLayoutProperty("units-label", "text-field", unitName(units.features.length <= FEW))
    return
  }
  const base = map.getStyle().layers
  const above = base.find((layer) => /^base-(sea|park|water|road)/.test(layer.id)) ?? base.find((layer) => layer.type === "symbol")
  const letters = base.find((layer) => layer.type === "symbol")
  for (const layer of unitLayers(at, steps, units.features.length <= FEW, base.length > 1)) {
    map.addLayer(layer, layer.type === "fill" ? above?.id : layer.type === "line" ? letters?.id : undefined)
  }
}

/** Puts new numbers into units drawn before. */
export function renumber(units: Collection, numbers: Numbers): Collection {
  const features = units.features.map((f) => {
    const own = numbers.units[String(f.properties?.code)] ?? { open: 0, over: 0, value: 0, label: "0" }
    return { ...f, properties: { ...f.properties, ...own } }
  })
  return { ...units, features }
}

export function stepsOf(units: Collection): number[] {
  return edges(units.features.map((f) => Number(f.properties?.value ?? Number.NaN)))
}

/** Gives a source its data; tells whether it was there before. */
export function put(map: maplibre.Map, name: string, data: Collection): boolean {
  const known = map.getSource<maplibre.GeoJSONSource>(name)
  if (known) known.setData(data)
  else map.addSource(name, { type: "geojson", data })
  return known !== undefined
}

/** One label a unit, at the point given for it: an area in several tiles would be labelled in each. */
function labels(units: Collection): Collection {
  const points = units.features.filter((f) => f.properties?.label !== undefined && Array.isArray(f.properties.at))
  return { type: "FeatureCollection", features: points.map((f) => ({ ...f, geometry: { type: "Point", coordinates: f.properties?.at as number[] } })) }
}
