// Marks that are links, with the icon of their status; rows and marks of one id light up together.
import { type Map, Marker, Popup } from "maplibre-gl"
import { type Stack, stacks } from "./map-stacks"
import { URGENCY } from "./map-style"
import { put } from "./map-units"

const MOST = 250 // more would be a swarm; the rest stay dots
const LIST = 6 // a stack of more is looked at from closer by
export const ICONS: Record<string, string> = {
  ontime: "clock", due: "hourglass-low", over: "alert-triangle", ver: "circle-check", wait: "inbox", alarm: "bell-ringing",
}

export interface Told { title: string; place: string; share: number; words: string; until: string }
interface Shown { marks: GeoJSON.Feature[]; markers: Marker[]; drawn: string; list: Popup }

const shown = new WeakMap<Map, Shown>()
const idOf = (of: GeoJSON.Feature) => String(of.properties?.id ?? of.id ?? "")
const nameOf = (of: GeoJSON.Feature) => String(of.properties?.name ?? "")
const placeOf = (of: GeoJSON.Feature) => (of.geometry as GeoJSON.Point).coordinates as [number, number]
const statusOf = (of: GeoJSON.Feature) => String(of.properties?.status ?? "wait")

/** Shows the most pressing marks in place of those shown before. */
export function showMarks(map: Map, at: HTMLElement, marks: GeoJSON.FeatureCollection): void {
  const rank = (f: GeoJSON.Feature) => (f.properties?.here ? URGENCY.length : URGENCY.indexOf(statusOf(f)))
  const worst = marks.features.filter((f) => f.geometry?.type === "Point").sort((a, b) => rank(b) - rank(a)).slice(0, MOST)
  const before = shown.get(map)
  if (before) Object.assign(before, { marks: worst, drawn: "" })
  else {
    const list = new Popup({ closeButton: false, className: "quiet stacked", offset: 16, maxWidth: "300px" })
    shown.set(map, { marks: worst, markers: [], drawn: "", list })
    map.on("zoomend", () => lay(map, at))
    linkRows(at)
    tellMarks(map, at)
  }
  lay(map, at)
}

/** Lays the marks out for the scale of now; what has the focus keeps it. */
function lay(map: Map, at: HTMLElement): void {
  const now = shown.get(map)
  if (!now) return
  const laid = stacks(now.marks, (of) => map.project(placeOf(of)))
  const drawn = JSON.stringify(laid.map((stack) => stack.map((of) => [idOf(of), of.properties])))
  if (drawn === now.drawn) return // most changes of scale move nothing together or apart
  const focused = (document.activeElement as HTMLElement | null)?.dataset.mark?.split(" ")[0]
  for (const marker of now.markers) marker.remove()
  now.list.remove()
  now.drawn = drawn
  now.markers = laid.reverse().map((stack) => new Marker({ element: drawOne(map, at, stack) }).setLngLat(placeOf(stack[0])).addTo(map))
  if (focused) markOf(at, focused)?.focus({ preventScroll: true })
  keepClear(map, laid)
}

const ROOM = 26 // pixels

/** Names on the map keep clear of the marks, which stand above it: an empty sign lies under each. */
function keepClear(map: Map, laid: Stack[]): void {
  if (put(map, "rooms", { type: "FeatureCollection", features: laid.map(([first]) => first) })) return
  map.addImage("room", { width: ROOM, height: ROOM, data: new Uint8Array(ROOM * ROOM * 4) })
  map.addLayer({ id: "rooms", type: "symbol", source: "rooms", layout: { "icon-image": "room", "icon-allow-overlap": true } })
}

const markOf = (at: HTMLElement, id: string) => at.querySelector<HTMLElement>(`[data-mark~="${CSS.escape(id)}"]`)

function drawOne(map: Map, at: HTMLElement, stack: Stack): HTMLElement {
  const [first] = stack
  const [status, href] = [statusOf(first), first.properties?.href]
  const box = stack.length > 1 ? button(() => unfold(map, at, stack, box)) : document.createElement(href ? "a" : "span")
  if (box instanceof HTMLAnchorElement) box.href = String(href)
  else if (stack.length === 1) box.setAttribute("role", "img")
  const kinds = [`is-${status}`, status === "alarm" && "alarm-rings", first.properties?.here && "here", first.properties?.labelled && "labelled", stack.length > 1 && "stack"]
  box.className = ["mark", ...kinds.filter(Boolean)].join(" ")
  box.dataset.mark = stack.map(idOf).join(" ")
  const shown = face(at, stack)
  box.setAttribute("aria-label", said(stack, shown))
  if (stack.length > 1 || !first.properties?.words) box.title = box.getAttribute("aria-label") ?? ""
  box.append(shown)
  return box
}

/** Names a mark: whoever speaks to the machine says what stands on it, so that comes first (WCAG 2.5.3). */
function said(stack: Stack, shown: Node | string): string {
  const names = stack.slice(0, 3).map(nameOf).join("; ") + (stack.length > 3 ? `; +${stack.length - 3}` : "")
  return stack.length > 1 && typeof shown === "string" ? `${shown}: ${names}` : names
}

function face(at: HTMLElement, stack: Stack): Node | string {
  const numbers = stack.map((of) => of.properties?.number).filter(Boolean)
  if (numbers.length) return numbers.slice(0, 2).join("·") + (numbers.length > 2 ? "…" : "")
  return stack.length > 1 ? String(stack.length) : sign(String(stack[0].properties?.icon ?? ICONS[statusOf(stack[0])] ?? "map-pin"), at)
}

function button(act: () => void): HTMLButtonElement {
  const made = document.createElement("button")
  made.type = "button"
  made.addEventListener("click", (event) => {
    event.stopPropagation() // the map would close the list again
    act()
  })
  return made
}

/** A stack opens: a short one as a list, a long one by coming closer where that takes it apart. */
function unfold(map: Map, at: HTMLElement, stack: Stack, from: HTMLElement): void {
  const [lons, lats] = [0, 1].map((axis) => stack.map((of) => placeOf(of)[axis] as number)) as [number[], number[]]
  const [west, south, east, north] = [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)]
  const spread = east - west + north - south > 1e-4 // about ten metres
  if (stack.length > LIST && spread && map.getZoom() < map.getMaxZoom() - 1) {
    map.fitBounds([[west, south], [east, north]], { padding: 64, maxZoom: map.getMaxZoom() })
    return
  }
  const list = document.createElement("ul")
  for (const of of stack) {
    const link = document.createElement(of.properties?.href ? "a" : "span")
    if (link instanceof HTMLAnchorElement) link.href = String(of.properties?.href)
    const icon = document.createElement("i")
    icon.className = `mark is-${statusOf(of)}`
    icon.append(face(at, [of]))
    link.append(icon, nameOf(of))
    const row = document.createElement("li")
    row.append(link)
    list.append(row)
  }
  list.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return
    shown.get(map)?.list.remove()
    from.focus()
  })
  shown.get(map)?.list.setLngLat(placeOf(stack[0])).setDOMContent(list).addTo(map)
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
  const say = (id: string, on: boolean) => at.dispatchEvent(new CustomEvent(on ? TELL : HUSH, { detail: id }))
  for (const kind of ["mouseover", "mouseout", "focusin", "focusout"]) {
    const on = kind === "mouseover" || kind === "focusin"
    document.addEventListener(kind, (event) => {
      const target = event.target as HTMLElement
      const row = target.closest?.<HTMLElement>("[data-row]")?.dataset.row
      if (row) {
        markOf(at, row)?.classList.toggle("hot", on)
        say(row, on)
      }
      const mark = target.closest?.<HTMLElement>("[data-mark]")
      if (!mark?.dataset.mark || !at.contains(mark)) return
      const ids = mark.dataset.mark.split(" ")
      for (const id of ids) for (const one of document.querySelectorAll(`[data-row="${CSS.escape(id)}"]`)) one.classList.toggle("hot", on)
      if (ids.length === 1) say(mark.dataset.mark, on)
    })
  }
}

/** A mark says what its row says: the matter, the place, and the clock. */
function tellMarks(map: Map, at: HTMLElement): void {
  const popup = new Popup({ closeButton: false, closeOnClick: false, className: "quiet told", offset: 16, maxWidth: "280px", focusAfterOpen: false })
  at.addEventListener(TELL, (event) => {
    const of = shown.get(map)?.marks.find((one) => idOf(one) === (event as CustomEvent<string>).detail)
    if (of?.properties?.words) popup.setLngLat(placeOf(of)).setDOMContent(clock(statusOf(of), of.properties as unknown as Told, at)).addTo(map)
  })
  at.addEventListener(HUSH, () => popup.remove())
}

function clock(status: string, told: Told, at: HTMLElement): HTMLElement {
  const part = (name: string, text = "", of = "") => {
    const made = document.createElement(name)
    made.textContent = text
    if (of) made.className = of
    return made
  }
  const [box, bar, fill, line] = [part("div", "", `clock is-${status}`), part("div", "", "bar"), part("i"), part("p")]
  fill.style.width = `${told.share}%`
  bar.append(fill)
  line.append(sign(ICONS[status] ?? "clock", at), part("b", told.words), part("span", told.until ? `· ${told.until}` : ""))
  box.append(part("b", told.title, "title"), part("span", told.place, "third"), bar, line)
  return box
}
