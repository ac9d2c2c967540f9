// Marks that are links, with the icon of their status; rows and marks of one id light up together.
import { Marker, type Map } from "maplibre-gl"
import { URGENCY } from "./map-style"

const MOST = 250 // more would be a swarm; the rest stay dots
export const ICONS: Record<string, string> = {
  ontime: "clock", due: "hourglass-low", over: "alert-triangle", ver: "circle-check", wait: "inbox", alarm: "bell-ringing",
}

const shown = new WeakMap<Map, Marker[]>()

/** Shows the most pressing marks in place of those shown before; one that has the focus keeps it. */
export function showMarks(map: Map, at: HTMLElement, marks: GeoJSON.FeatureCollection): void {
  const rank = (f: GeoJSON.Feature) => URGENCY.indexOf(String(f.properties?.status))
  const worst = marks.features.filter((f) => f.geometry?.type === "Point").sort((a, b) => rank(b) - rank(a)).slice(0, MOST)
  const before = shown.get(map)
  const focused = (document.activeElement as HTMLElement | null)?.dataset.mark
  for (const marker of before ?? []) marker.remove()
  shown.set(map, worst.reverse().map((feature) => {
    const [lon, lat] = (feature.geometry as GeoJSON.Point).coordinates as [number, number]
    return new Marker({ element: mark(feature.properties ?? {}, at) }).setLngLat([lon, lat]).addTo(map)
  }))
  if (focused) at.querySelector<HTMLElement>(`[data-mark="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true })
  if (!before) linkRows(at)
}

function mark(of: Record<string, unknown>, at: HTMLElement): HTMLElement {
  const status = String(of.status ?? "wait")
  const box = document.createElement(of.href ? "a" : "span")
  if (box instanceof HTMLAnchorElement) box.href = String(of.href)
  else box.setAttribute("role", "img")
  box.className = `mark is-${status}${status === "alarm" ? " alarm-rings" : ""}`
  box.dataset.mark = String(of.id ?? "")
  box.setAttribute("aria-label", String(of.name ?? ""))
  box.title = String(of.name ?? "")
  box.append(of.number ? String(of.number) : sign(ICONS[status] ?? "map-pin", at))
  return box
}

function sign(icon: string, at: HTMLElement): SVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  svg.setAttribute("class", "icon")
  svg.setAttribute("aria-hidden", "true")
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use")
  use.setAttribute("href", `${at.dataset.icons ?? ""}#${icon}`)
  svg.append(use)
  return svg
}

function linkRows(at: HTMLElement): void {
  const light = (id: string, on: boolean) => {
    for (const mark of at.querySelectorAll<HTMLElement>(`[data-mark="${CSS.escape(id)}"]`)) mark.classList.toggle("hot", on)
  }
  for (const kind of ["mouseover", "mouseout", "focusin", "focusout"]) {
    document.addEventListener(kind, (event) => {
      const row = (event.target as HTMLElement).closest?.<HTMLElement>("[data-row]")
      if (row?.dataset.row) light(row.dataset.row, kind === "mouseover" || kind === "focusin")
    })
  }
}
