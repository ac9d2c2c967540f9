// Marks that are links, with the icon of their status; rows and marks of one id light up together.
import { Marker, type Map, Popup } from "maplibre-gl"
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
  if (!before) {
    linkRows(at)
    tellMarks(map, at)
  }
}

function mark(of: Record<string, unknown>, at: HTMLElement): HTMLElement {
  const status = String(of.status ?? "wait")
  const box = document.createElement(of.href ? "a" : "span")
  if (box instanceof HTMLAnchorElement) box.href = String(of.href)
  else box.setAttribute("role", "img")
  box.className = `mark is-${status}${status === "alarm" ? " alarm-rings" : ""}${of.here ? " here" : ""}`
  box.dataset.mark = String(of.id ?? "")
  if (of.words) box.dataset.told = JSON.stringify({ title: of.title, place: of.place, share: of.share, words: of.words, until: of.until })
  box.setAttribute("aria-label", String(of.name ?? ""))
  if (!of.words) box.title = String(of.name ?? "")
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

const TELL = "cityloop:tell"
const HUSH = "cityloop:hush"

/** Rows and marks of one case light up together, whichever the pointer or the focus is on. */
function linkRows(at: HTMLElement): void {
  const all = (name: string, id: string, within: ParentNode) => within.querySelectorAll<HTMLElement>(`[data-${name}="${CSS.escape(id)}"]`)
  const say = (mark: HTMLElement, on: boolean) => mark.dispatchEvent(new CustomEvent(on ? TELL : HUSH, { bubbles: true }))
  for (const kind of ["mouseover", "mouseout", "focusin", "focusout"]) {
    const on = kind === "mouseover" || kind === "focusin"
    document.addEventListener(kind, (event) => {
      const target = event.target as HTMLElement
      const row = target.closest?.<HTMLElement>("[data-row]")?.dataset.row
      for (const mark of row ? all("mark", row, at) : []) {
        mark.classList.toggle("hot", on)
        say(mark, on)
      }
      const mark = target.closest?.<HTMLElement>("[data-mark]")
      if (!mark?.dataset.mark || !at.contains(mark)) return
      for (const one of all("row", mark.dataset.mark, document)) one.classList.toggle("hot", on)
      say(mark, on)
    })
  }
}

interface Told { title: string; place: string; share: number; words: string; until: string }

/** A mark says what its row says: the matter, the place, and the clock. */
function tellMarks(map: Map, at: HTMLElement): void {
  const popup = new Popup({ closeButton: false, closeOnClick: false, className: "quiet told", offset: 16, maxWidth: "280px", focusAfterOpen: false })
  at.addEventListener(TELL, (event) => {
    const mark = event.target as HTMLElement
    const marker = (shown.get(map) ?? []).find((one) => one.getElement() === mark)
    if (marker && mark.dataset.told) popup.setLngLat(marker.getLngLat()).setDOMContent(clock(mark, JSON.parse(mark.dataset.told) as Told, at)).addTo(map)
  })
  at.addEventListener(HUSH, () => popup.remove())
}

function clock(mark: HTMLElement, told: Told, at: HTMLElement): HTMLElement {
  const status = [...mark.classList].find((name) => name.startsWith("is-")) ?? "is-wait"
  const part = (name: string, text = "", of = "") => {
    const made = document.createElement(name)
    made.textContent = text
    if (of) made.className = of
    return made
  }
  const [box, bar, fill, line] = [part("div", "", `clock ${status}`), part("div", "", "bar"), part("i"), part("p")]
  fill.style.width = `${told.share}%`
  bar.append(fill)
  line.append(sign(ICONS[status.slice(3)] ?? "clock", at), part("b", told.words), part("span", told.until ? `· ${told.until}` : ""))
  box.append(part("b", told.title, "title"), part("span", told.place, "third"), bar, line)
  return box
}
