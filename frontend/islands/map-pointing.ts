// What lies under the pointer says what it is, and a click opens it: a case first, then a heap, then the unit.
import * as maplibre from "maplibre-gl"
import { COUNTED, SINGLE } from "./map-things"

const LAYERS = ["cases-sign", "cases-dot", SINGLE, "heaps", COUNTED, "units-fill"]
const MANY = ["heaps", COUNTED]

export function pointing(map: maplibre.Map, at: HTMLElement): void {
  const popup = new maplibre.Popup({ closeButton: false, closeOnClick: false, className: "quiet", offset: 12 })
  const under = (point: maplibre.Point) => {
    const layers = LAYERS.filter((id) => map.getLayer(id))
    return layers.length ? map.queryRenderedFeatures(point, { layers }).sort((a, b) => LAYERS.indexOf(a.layer.id) - LAYERS.indexOf(b.layer.id))[0] : undefined
  }
  map.on("mousemove", (event) => {
    const found = under(event.point)
    const words = found && wordsFor(at, found)
    map.getCanvas().style.cursor = found && leads(at, found) ? "pointer" : ""
    if (words) popup.setLngLat(event.lngLat).setText(words).addTo(map)
    else popup.remove()
  })
  map.on("mouseout", () => popup.remove())
  map.on("click", (event) => {
    const found = under(event.point)
    if (!found || at.dataset.pick) return
    if (MANY.includes(found.layer.id)) return void map.easeTo({ center: event.lngLat, zoom: map.getZoom() + 2 })
    const href = leads(at, found)
    if (href) location.assign(href)
  })
}

function leads(at: HTMLElement, of: maplibre.MapGeoJSONFeature): string {
  const told = of.properties
  if (MANY.includes(of.layer.id)) return "#"
  if (of.layer.id === SINGLE) return (at.dataset.thingHref ?? "").replace("CODE", encodeURIComponent(String(told.code)))
  if (told.number) return (at.dataset.caseHref ?? "").replace("NUMBER", encodeURIComponent(String(told.number)))
  if (!told.href) return ""
  return told.href.includes("?under=") && at.dataset.by ? `${told.href}&by=${at.dataset.by}` : String(told.href)
}

function wordsFor(at: HTMLElement, of: maplibre.MapGeoJSONFeature): string {
  const told = of.properties
  const number = (n: unknown) => Number(n).toLocaleString(document.documentElement.lang)
  const counts = () => [[told.open, at.dataset.wordOpen], [told.over, at.dataset.wordOver]].filter(([n, word]) => n !== undefined && word).map(([n, word]) => `${word} ${number(n)}`).join(" · ")
  if (of.layer.id === "heaps") return counts()
  if (of.layer.id === COUNTED) return number(told.n)
  if (of.layer.id === SINGLE) return String(told.name)
  if (told.number) return [told.name, wordOf(at, String(told.status))].filter(Boolean).join(" · ")
  return [told.name, counts() || (told.value === undefined ? "" : number(told.value))].filter(Boolean).join(": ")
}

/** The word for a status, as the page gives it. */
export function wordOf(at: HTMLElement, status: string): string {
  return at.dataset[`word${status[0]?.toUpperCase()}${status.slice(1)}`] ?? ""
}
