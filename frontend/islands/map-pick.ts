// Choosing a place: click, drag the pin, or move it with the arrow keys. Writes the inputs named in data-pick.
import { Marker, type LngLat, type Map } from "maplibre-gl"
import { chooseThing, thingAt } from "./map-things"
import { PICKED, pick } from "./position"

const ARROWS: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

export function pickable(map: Map, at: HTMLElement): void {
  const names = at.dataset.pick ?? ""
  const element = pin(at)
  const marker = new Marker({ element, draggable: true, anchor: "bottom" })
  const put = (to: LngLat) => pick(names, to.lng, to.lat)
  map.on("click", (event) => {
    const thing = thingAt(map, event.point)
    if (thing) chooseThing(names, thing)
    else put(event.lngLat)
  })
  marker.on("dragend", () => put(marker.getLngLat()))
  element.addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key]
    if (!arrow) return
    event.preventDefault()
    event.stopPropagation()
    const step = event.shiftKey ? 40 : 8
    const now = map.project(marker.getLngLat())
    put(map.unproject([now.x + arrow[0] * step, now.y + arrow[1] * step]))
  })
  map.getCanvas().addEventListener("keydown", (event) => {
    if (event.key === "Enter") put(map.getCenter())
  })
  document.addEventListener(PICKED, (event) => {
    const { lon, lat, look } = (event as CustomEvent<{ lon: number; lat: number; look?: boolean }>).detail
    marker.setLngLat([lon, lat]).addTo(map)
    if (!map.getBounds().contains([lon, lat]) || look) map.jumpTo({ center: [lon, lat], zoom: Math.max(map.getZoom(), look ? 16 : 15) })
  })
  document.addEventListener("cityloop:look", (event) => {
    const [lon, lat] = (event as CustomEvent<number[]>).detail
    if (lon && lat) map.jumpTo({ center: [lon, lat], zoom: Math.max(map.getZoom(), 13) })
  })
  restore(names)
}

/** The place of a page that is not to be moved: `data-pin="lon,lat"`. */
export function pinned(map: Map, at: HTMLElement): void {
  const [lon, lat] = (at.dataset.pin ?? "").split(",").map(Number)
  if (!lon || !lat) return
  const element = document.createElement("span")
  element.className = "pin still"
  element.setAttribute("role", "img")
  element.setAttribute("aria-label", at.dataset.wordPin ?? "")
  new Marker({ element, anchor: "bottom" }).setLngLat([lon, lat]).addTo(map)
}

/** Puts the pin where the inputs say, when the page comes back with an error or from history. */
function restore(names: string): void {
  const [lon, lat] = given(names)
  if (lon && lat) queueMicrotask(() => pick(names, Number(lon), Number(lat), true))
}

/** Whether a place is chosen already: the map then begins there, not with the whole city. */
export function placed(at: HTMLElement): boolean {
  return Boolean(at.dataset.pick) && given(at.dataset.pick ?? "").every(Boolean)
}

function given(names: string): (string | undefined)[] {
  return names.split(",").map((name) => document.querySelector<HTMLInputElement>(`[name="${name}"]`)?.value)
}

function pin(at: HTMLElement): HTMLElement {
  const box = document.createElement("button")
  box.type = "button"
  box.className = "pin"
  box.setAttribute("aria-label", at.dataset.wordPin ?? "")
  return box
}
