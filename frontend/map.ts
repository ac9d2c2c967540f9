// The map island: draws our own GeoJSON, asks no server outside. See docs/reference/map-island.md for its attributes.
import "maplibre-gl/dist/maplibre-gl.css"
import "./css/map.css"
import * as maplibre from "maplibre-gl"
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url"
import { basemap, unitLayers, markLayers } from "./islands/map-style"
import { showMarks } from "./islands/map-marks"
import { pickable } from "./islands/map-pick"
import { quantiles } from "./islands/map-scale"
import { atMost, RENEWED } from "./islands/renewing"

maplibre.setWorkerUrl(workerUrl)

type Collection = GeoJSON.FeatureCollection
const nothing: Collection = { type: "FeatureCollection", features: [] }
const APART = 8_000 // a map is not asked for more often than this, however busy the city

export async function mount(at: HTMLElement): Promise<maplibre.Map> {
  const says = line(at)
  says.textContent = at.dataset.wordLoading ?? ""
  const map = new maplibre.Map({
    container: canvas(at),
    style: basemap(at),
    ...view(at),
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    locale: { "Map.Title": at.getAttribute("aria-label") ?? "", "NavigationControl.ZoomIn": at.dataset.wordZoomIn ?? "+", "NavigationControl.ZoomOut": at.dataset.wordZoomOut ?? "−" },
  })
  map.touchZoomRotate.disableRotation()
  map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right")
  if (at.dataset.pick) pickable(map, at)
  await new Promise((done) => map.once("load", done))
  await fill(map, at, says)
  keepFresh(map, at)
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => location.reload())
  return map
}

async function fill(map: maplibre.Map, at: HTMLElement, says: HTMLElement): Promise<void> {
  try {
    const [units, marks] = await Promise.all([get(at.dataset.unitsUrl), get(at.dataset.marksUrl)])
    drawUnits(map, at, units)
    drawMarks(map, at, marks)
    if (!at.dataset.center && !at.dataset.bounds) fit(map, marks.features.length && at.dataset.fit !== "units" ? marks : units)
    says.textContent = ""
    at.dataset.ready = "yes"
  } catch {
    says.textContent = at.dataset.wordFailed ?? ""
    at.dataset.ready = "failed"
  }
}

/** Follows the list beside it: counts and marks change where they stand, the view stays. */
function keepFresh(map: maplibre.Map, at: HTMLElement): void {
  const renew = async () => {
    const [units, marks] = await Promise.all([get(at.dataset.unitsUrl), get(at.dataset.marksUrl)])
    if (at.dataset.ready !== "yes") return
    if (units.features.length) drawUnits(map, at, units)
    if (at.dataset.marksUrl) drawMarks(map, at, marks)
  }
  document.addEventListener(RENEWED, atMost(APART, () => { if (at.isConnected) renew().catch(() => undefined) }))
}

async function get(url: string | undefined): Promise<Collection> {
  if (!url) return nothing
  const answer = await fetch(url, { headers: { Accept: "application/geo+json, application/json" } })
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`)
  return answer.json() as Promise<Collection>
}

function drawUnits(map: maplibre.Map, at: HTMLElement, units: Collection): void {
  if (!units.features.length) return
  const steps = quantiles(units.features.map((f) => Number(f.properties?.value ?? Number.NaN)))
  const layers = unitLayers(at, steps)
  const known = [put(map, "units", units), put(map, "labels", labels(units))]
  if (known[0]) {
    for (const layer of layers) if (layer.type === "fill") map.setPaintProperty(layer.id, "fill-color", layer.paint?.["fill-color"])
    return
  }
  for (const layer of layers) map.addLayer(layer)
  const popup = new maplibre.Popup({ closeButton: false, closeOnClick: false, className: "quiet" })
  map.on("mousemove", "units-fill", (event) => {
    const found = event.features?.[0]?.properties
    if (!found) return
    map.getCanvas().style.cursor = found.href ? "pointer" : ""
    const value = found.value === undefined ? "" : `: ${Number(found.value).toLocaleString(document.documentElement.lang)}`
    popup.setLngLat(event.lngLat).setText(`${found.name ?? ""}${value}`).addTo(map)
  })
  map.on("mouseleave", "units-fill", () => { popup.remove(); map.getCanvas().style.cursor = "" })
  map.on("click", "units-fill", (event) => {
    const href = event.features?.[0]?.properties?.href as string | undefined
    if (href && !at.dataset.pick) location.assign(href)
  })
}

/** Gives a source its data; tells whether it was there before. */
function put(map: maplibre.Map, name: string, data: Collection): boolean {
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

function drawMarks(map: maplibre.Map, at: HTMLElement, marks: Collection): void {
  if (!put(map, "marks", marks)) for (const layer of markLayers(at)) map.addLayer(layer)
  showMarks(map, at, marks)
}

function fit(map: maplibre.Map, what: Collection): void {
  const box = new maplibre.LngLatBounds()
  const walk = (c: unknown): void => {
    if (!Array.isArray(c)) return
    if (typeof c[0] === "number") box.extend(c as [number, number])
    else c.forEach(walk)
  }
  for (const f of what.features) walk((f.geometry as GeoJSON.Polygon | null)?.coordinates)
  if (!box.isEmpty()) map.fitBounds(box, { padding: 32, duration: 0, maxZoom: 16 })
}

function view(at: HTMLElement): Partial<maplibre.MapOptions> {
  const numbers = (text: string) => text.split(",").map(Number)
  const given: Partial<maplibre.MapOptions> = {}
  if (at.dataset.bounds) {
    given.bounds = numbers(at.dataset.bounds) as [number, number, number, number]
    given.fitBoundsOptions = { padding: 16 }
  }
  if (at.dataset.center) given.center = numbers(at.dataset.center) as [number, number]
  if (at.dataset.zoom) given.zoom = Number(at.dataset.zoom)
  return given
}

function canvas(at: HTMLElement): HTMLElement {
  const box = at.querySelector<HTMLElement>(".canvas") ?? document.createElement("div")
  box.className = "canvas"
  at.append(box)
  return box
}

/** A line on the map that says what it is doing; read out, but never in the way. */
function line(at: HTMLElement): HTMLElement {
  const box = document.createElement("p")
  box.className = "says"
  box.setAttribute("role", "status")
  at.append(box)
  return box
}
