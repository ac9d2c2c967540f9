// The map island: our own ground, units and cases; no server outside is asked. See docs/reference/map-island.md.
import "maplibre-gl/dist/maplibre-gl.css"
import "./css/map.css"
import * as maplibre from "maplibre-gl"
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url"
import { type Ground, ground, styleOf } from "./islands/map-base"
import { drawCases, renewCases, showCases } from "./islands/map-cases"
import { drawImagery } from "./islands/map-imagery"
import { countMarks, legend } from "./islands/map-legend"
import { showMarks } from "./islands/map-marks"
import { pickable, pinned, placed } from "./islands/map-pick"
import { pointing } from "./islands/map-pointing"
import { markLayers } from "./islands/map-style"
import { drawThings } from "./islands/map-things"
import { timeSlider } from "./islands/map-time"
import { type Collection, drawUnits, nothing, type Numbers, put, renumber, stepsOf } from "./islands/map-units"
import { atMost, RENEWED, TURNED } from "./islands/renewing"

maplibre.setWorkerUrl(workerUrl)

const APART = 2_000 // a map is not asked for more often than this, however busy the city

export async function mount(at: HTMLElement): Promise<maplibre.Map | undefined> {
  const says = line(at)
  says.textContent = at.dataset.wordLoading ?? ""
  try {
    const of = await ground()
    const map = await open(at, of)
    if (at.dataset.pick) pickable(map, at)
    if (at.dataset.pin) pinned(map, at)
    await fill(map, at)
    says.textContent = ""
    at.dataset.ready = "yes"
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => location.reload())
    return map
  } catch {
    says.textContent = at.dataset.wordFailed ?? ""
    at.dataset.ready = "failed"
    return undefined
  }
}

async function open(at: HTMLElement, of: Ground): Promise<maplibre.Map> {
  const map = new maplibre.Map({
    container: canvas(at),
    style: styleOf(at, of),
    ...view(at),
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    maxZoom: 18.9,
    pixelRatio: devicePixelRatio * (at.currentCSSZoom ?? 1), // a page enlarged for a wall is as sharp there
    locale: { "Map.Title": at.getAttribute("aria-label") ?? "", "NavigationControl.ZoomIn": at.dataset.wordZoomIn ?? "+", "NavigationControl.ZoomOut": at.dataset.wordZoomOut ?? "−" },
  })
  map.touchZoomRotate.disableRotation()
  map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right")
  credit(at, of.attribution ?? "")
  await new Promise((done) => map.once("style.load", done))
  return map
}

async function fill(map: maplibre.Map, at: HTMLElement): Promise<void> {
  // `alarmsUrl`: marks of alarms above the cases of a map; the legend goes on telling of the cases.
  const marksUrl = () => at.dataset.marksUrl ?? at.dataset.alarmsUrl
  const [first, marks] = await Promise.all([get(at.dataset.unitsUrl), given(at) ?? get(marksUrl())])
  let units = first
  const relabel = legend(map, at)
  const shade = (now: Collection) => { units = now; drawUnits(map, at, now); relabel.shade(stepsOf(now)) }
  shade(units)
  if (!at.dataset.center && !at.dataset.bounds && !placed(at)) {
    const what = marks.features.length && at.dataset.fit !== "units" ? withPin(at, marks) : units
    fit(map, what, 32, beside(at))
    relabel.place((top) => fit(map, what, top, beside(at)))
  }
  await drawCases(map, at)
  drawThings(map, at)
  drawMarks(map, at, marks)
  drawImagery(map, at)
  pointing(map, at)

  let past: number | undefined
  let part = marks.truncated === true // there are more marks than a map can bear: those in view are asked for
  const numbers = async () => {
    if (!at.dataset.unitsUrl || !units.features.some((f) => f.properties?.value !== undefined)) return
    const url = `${at.dataset.unitsUrl}${at.dataset.unitsUrl.includes("?") ? "&" : "?"}numbers${past === undefined ? "" : `&at=${past}`}`
    const asked = past
    const answer = await fetch(url, { headers: { Accept: "application/json" } })
    if (!answer.ok) throw new Error(`${url}: ${answer.status}`)
    const told = await answer.json() as Numbers
    if (at.dataset.every) fresh(answer.headers.get("Cityloop-Time"))
    if (asked !== past) return
    shade(renumber(units, told))
    if (at.dataset.casesUrl || at.dataset.every) list(told)
  }
  let views = 0
  const drawInView = async () => {
    const view = ++views
    const marks = await get(part ? boxed(map, marksUrl()) : marksUrl())
    if (view === views) drawMarks(map, at, marks)
  }
  const renew = async () => {
    await numbers()
    if (past === undefined) renewCases(map, at)
    if (marksUrl() && past === undefined) await drawInView()
  }
  const turn = async () => {
    const asked = at.dataset.unitsUrl
    const [next, marks] = await Promise.all([get(asked), get(marksUrl())])
    if (asked !== at.dataset.unitsUrl) return // it has turned once more
    shade(next)
    fit(map, next, 32, beside(at))
    if (at.dataset.casesUrl && !map.getSource("cases")) await drawCases(map, at)
    showCases(map, Boolean(at.dataset.casesUrl))
    part = marks.truncated === true
    drawMarks(map, at, marks)
  }
  // Whether what it shows is as fresh as the page: one that is left behind says so.
  const kept = (work: Promise<void>) => { work.then(() => delete at.dataset.behind, () => { at.dataset.behind = "yes" }) }
  map.on("moveend", () => { if (part && past === undefined) kept(drawInView()) })
  document.addEventListener(RENEWED, atMost(APART, () => { if (at.isConnected) kept(renew()) }))
  document.addEventListener(TURNED, () => { if (at.isConnected) kept(turn()) })
  const every = Number(at.dataset.every)
  if (every) fresh(document.querySelector<HTMLElement>("[data-fresh]")?.dataset.fresh ?? null)
  if (every) asking(at, every * 1_000, () => numbers().catch(() => fresh(null)))
  if (at.dataset.casesUrl) timeSlider(async (minute) => {
    if ((minute === undefined) !== (past === undefined)) showCases(map, minute === undefined)
    past = minute
    if (at.dataset.alarmsUrl) drawMarks(map, at, minute === undefined ? await get(at.dataset.alarmsUrl) : nothing)
    await numbers()
  })
}

/** A page for everybody has no stream: it asks now and then, only while somebody looks. */
function asking(at: HTMLElement, apart: number, ask: () => Promise<void>): void {
  let last = Date.now()
  const again = () => {
    if (document.hidden || !at.isConnected || Date.now() - last < apart) return
    last = Date.now()
    void ask()
  }
  window.setInterval(again, Math.min(apart, 2_000))
  document.addEventListener("visibilitychange", again)
}

/** When the numbers were last fresh, in the city's time; null where they could not be had. */
function fresh(time: string | null): void {
  const box = document.querySelector<HTMLElement>("[data-fresh]")
  const line = box?.querySelector("span")
  if (!box || !line) return
  if (time !== null) box.dataset.fresh = time
  box.classList.toggle("is-stale", time === null)
  box.classList.toggle("is-live", time !== null)
  line.textContent = `${(time === null ? box.dataset.staleWords : box.dataset.liveWords) ?? ""} ${box.dataset.fresh ?? ""}`
}

/** The list beside the map says the same numbers. */
function list(told: Numbers): void {
  const write = (box: Element | null | undefined, n: number) => { if (box) box.textContent = n.toLocaleString(document.documentElement.lang) }
  for (const row of document.querySelectorAll<HTMLElement>("[data-unit]")) {
    const own = told.units[row.dataset.unit ?? ""]
    write(row.querySelector("[data-open]"), own?.open ?? 0)
    write(row.querySelector("[data-over]"), own?.over ?? 0)
    write(row.querySelector("[data-value]"), own?.value ?? 0)
    for (const box of row.querySelectorAll("td a")) box.classList.toggle("none", box.textContent === "0")
  }
  write(document.querySelector("[data-total-open]"), told.total.open)
  write(document.querySelector("[data-total-over]"), told.total.over)
}

/** The marks that stand in the page itself: `data-marks`. */
function given(at: HTMLElement): Collection | undefined {
  return at.dataset.marks ? JSON.parse(at.dataset.marks) as Collection : undefined
}

/** What the first view must show: the marks, and the place of the page. */
function withPin(at: HTMLElement, marks: Collection): Collection {
  const coordinates = (at.dataset.pin ?? "").split(",").map(Number)
  if (coordinates.length < 2) return marks
  return { ...marks, features: [...marks.features, { type: "Feature", properties: {}, geometry: { type: "Point", coordinates } }] }
}

async function get(url: string | undefined): Promise<Collection> {
  if (!url) return nothing
  const answer = await fetch(url, { headers: { Accept: "application/geo+json, application/json" } })
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`)
  return answer.json() as Promise<Collection>
}

function boxed(map: maplibre.Map, url = ""): string {
  const [west, south, east, north] = map.getBounds().toArray().flat().map((degrees) => degrees.toFixed(5))
  return `${url}${url.includes("?") ? "&" : "?"}box=${west},${south},${east},${north}`
}

function drawMarks(map: maplibre.Map, at: HTMLElement, marks: Collection): void {
  if (!put(map, "marks", marks)) for (const layer of markLayers(at)) map.addLayer(layer)
  showMarks(map, at, marks)
  countMarks(at, marks)
}

/** How much room the legend takes at the left of a wide map. */
const beside = (at: HTMLElement) => (at.dataset.legendMarks !== undefined && at.clientWidth > 900 ? 320 : 32)

function fit(map: maplibre.Map, what: Collection, top: number, left: number): void {
  const box = new maplibre.LngLatBounds()
  const walk = (c: unknown): void => {
    if (!Array.isArray(c)) return
    if (typeof c[0] === "number") box.extend(c as [number, number])
    else c.forEach(walk)
  }
  for (const f of what.features) walk((f.geometry as GeoJSON.Polygon | null)?.coordinates)
  if (!box.isEmpty()) map.fitBounds(box, { padding: { top, bottom: 32, left, right: 32 }, duration: 0, maxZoom: 16 })
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

/** Whom the ground comes from. */
function credit(at: HTMLElement, words: string): void {
  if (!words) return
  const box = document.createElement("p")
  box.className = "credit"
  box.textContent = new DOMParser().parseFromString(words, "text/html").body.textContent // others write links here
  at.append(box)
}

/** A line on the map that says what it is doing; read out, but never in the way. */
function line(at: HTMLElement): HTMLElement {
  const box = document.createElement("p")
  box.className = "says"
  box.setAttribute("role", "status")
  at.append(box)
  return box
}
